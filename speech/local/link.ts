// A call's link to the speech engine. A Comlink call to a dead isolate never settles, so every
// request has a deadline, and ends early when the engine is known to be gone.

import type { MessagePort } from "node:worker_threads";
import * as Comlink from "comlink";
import { messageOf } from "../../runtime/error_text.ts";
import { abortable } from "../../runtime/waiting.ts";
import { comlinkEndpoint } from "../engine/comlink_endpoint.ts";
import { Pending } from "../engine/pending.ts";
import {
  type AudioMessage,
  type EngineApi,
  isAudioMessage,
  type VadRingMessage,
} from "../engine/protocol.ts";

/** Why a request to the engine failed. */
export type LinkFailure =
  /** The engine has died, or is not connected yet. */
  | "gone"
  /** It did not answer in time. */
  | "timeout"
  /** The caller of `request` cancelled it. */
  | "cancelled"
  /** It answered with an error. */
  | "refused";

/** A request to the engine failed. */
export class LinkError extends Error {
  override readonly name = "LinkError";

  constructor(readonly failure: LinkFailure, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** Options of one request. */
export interface RequestOptions {
  /** For the error message, e.g. "transcribe 2.4 s". */
  readonly what: string;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** When the engine is gone: wait for a new one within the deadline, and ask that one. */
  readonly retry?: boolean;
}

/** The engine at the other end: every method returns a promise. */
export type EngineRemote = {
  readonly [M in keyof EngineApi]: (
    ...args: Parameters<EngineApi[M]>
  ) => Promise<Awaited<ReturnType<EngineApi[M]>>>;
};

/** Take what the engine sends besides its answers to requests. */
export interface LinkHandlers {
  onAudio(audio: AudioMessage): void;
  /** The engine is gone: what was posted to it will not be answered. */
  onGone(reason: string): void;
}

/** One call's link, which survives a change of engines. */
export class EngineLink implements Disposable {
  readonly #handlers: LinkHandlers;
  #connection: Connection | undefined;
  #nextConnection = Promise.withResolvers<void>();
  #goneBecause = "it has not been connected yet";
  #disposed = false;

  constructor(handlers: LinkHandlers) {
    this.#handlers = handlers;
  }

  /** Why there is no engine; meaningful only while there is none. */
  get goneBecause(): string {
    return this.#goneBecause;
  }

  /** Switches to the engine at the other end of `port`. */
  connect(port: MessagePort): void {
    if (this.#disposed) return port.close();
    this.close("a new engine has taken its place");
    const connection = new Connection(port, this.#handlers, () => {
      if (this.#connection === connection) this.close("its end of the line was closed");
    });
    this.#connection = connection;
    this.#nextConnection.resolve();
  }

  /** The engine is gone: all pending requests end now. */
  close(reason: string): void {
    this.#goneBecause = reason;
    if (!this.#connection) return;
    this.#nextConnection = Promise.withResolvers();
    this.#connection.close(reason);
    this.#connection = undefined;
    this.#handlers.onGone(reason);
  }

  /** Sends the ring of the call's windows; false when there is no engine. */
  post(ring: VadRingMessage): boolean {
    this.#connection?.post(ring);
    return this.#connection !== undefined;
  }

  /** Sends what needs no answer. */
  tell(message: (engine: EngineRemote) => Promise<void>): void {
    // If this fails, the engine is gone or will fail the next request that matters.
    if (this.#connection) message(this.#connection.engine).catch(() => undefined);
  }

  /**
   * Asks the engine.
   *
   * @throws {LinkError}
   */
  async request<T>(
    ask: (engine: EngineRemote) => Promise<T>,
    { what, deadlineMs, signal, retry = false }: RequestOptions,
  ): Promise<T> {
    const expired = AbortSignal.timeout(deadlineMs);
    const end = signal ? AbortSignal.any([signal, expired]) : expired;
    for (;;) {
      try {
        if (this.#connection) return await abortable(this.#connection.run(ask), end);
        if (!retry || this.#disposed) throw new EngineGone(this.#goneBecause);
        await abortable(this.#nextConnection.promise, end);
      } catch (error) {
        if (end.aborted && error === end.reason) throw unanswered(what, deadlineMs, expired);
        const again = error instanceof EngineGone && retry && !this.#disposed;
        if (!again) throw linkError(what, error);
      }
    }
  }

  /** Closes for good: no request waits for another engine. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.close("the call is over");
    this.#nextConnection.resolve();
  }
}

/** There is no engine; the message says why. */
class EngineGone extends Error {}

/** The link to one engine, for as long as that lives. */
class Connection {
  readonly engine: EngineRemote;
  readonly #port: MessagePort;
  readonly #pending = new Pending();

  constructor(port: MessagePort, handlers: LinkHandlers, onClose: () => void) {
    this.#port = port;
    this.engine = Comlink.wrap<EngineApi>(comlinkEndpoint(port)) as unknown as EngineRemote;
    port.on("message", (message) => {
      if (isAudioMessage(message)) handlers.onAudio(message);
    });
    port.on("close", onClose);
  }

  /** Asks. Rejects with `EngineGone` when the engine is or becomes unavailable. */
  run<T>(ask: (engine: EngineRemote) => Promise<T>): Promise<T> {
    return this.#pending.answer(ask(this.engine));
  }

  post(ring: VadRingMessage): void {
    this.#port.postMessage(ring);
  }

  close(reason: string): void {
    this.#pending.end(new EngineGone(reason));
    this.#port.close();
  }
}

/** The failure of a request that its deadline or its signal ended. */
function unanswered(what: string, deadlineMs: number, expired: AbortSignal): LinkError {
  return expired.aborted
    ? new LinkError("timeout", `${what}: the speech engine did not answer in ${deadlineMs} ms`)
    : new LinkError("cancelled", `${what}: cancelled`);
}

function linkError(what: string, reason: unknown): LinkError {
  if (reason instanceof LinkError) return reason;
  if (reason instanceof EngineGone) {
    return new LinkError("gone", `${what}: the speech engine is not there: ${reason.message}`);
  }
  return new LinkError("refused", `${what}: the speech engine failed: ${messageOf(reason)}`, {
    cause: reason,
  });
}
