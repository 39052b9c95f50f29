// A call's link to the speech engine. A Comlink call to an isolate that died never settles, so
// every request has a deadline and ends at once when the engine is known to be gone.

import type { MessagePort } from "node:worker_threads";
import * as Comlink from "comlink";
import { comlinkEndpoint } from "../engine/recognition/endpoint.ts";
import { Pending } from "../engine/pending.ts";
import {
  type AudioMessage,
  type EngineApi,
  isAudioMessage,
  isVadAnswer,
  type VadAnswer,
  type VadQuestion,
} from "../engine/protocol.ts";

/** Why a request to the engine came to nothing. */
export type LinkFailure =
  /** The engine died, or has not been connected yet. */
  | "gone"
  /** It did not answer in time. */
  | "timeout"
  /** The one who asked does not want it any more. */
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

/** How one request is to be made. */
export interface RequestOptions {
  /** For the error message, e.g. "transcribe 2.4 s". */
  readonly what: string;
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** When the engine is gone: wait for a new one, within the deadline, and ask that. */
  readonly retry?: boolean;
}

/** The engine at the other end: every method answers with a promise. */
export type EngineRemote = {
  readonly [M in keyof EngineApi]: (
    ...args: Parameters<EngineApi[M]>
  ) => Promise<Awaited<ReturnType<EngineApi[M]>>>;
};

/** Told what the engine sends besides its answers to requests. */
export interface LinkHandlers {
  onAudio(audio: AudioMessage): void;
  onVad(answer: VadAnswer): void;
  /** The engine is gone; what was posted to it is not answered any more. */
  onGone(reason: string): void;
}

/** One call's connection, which may change engines. */
export class EngineLink implements Disposable {
  readonly #listener: LinkHandlers;
  #connection: Connection | undefined;
  #nextConnection = Promise.withResolvers<void>();
  #goneBecause = "it has not been connected yet";
  #disposed = false;

  constructor(listener: LinkHandlers) {
    this.#listener = listener;
  }

  /** Why there is no engine, while there is none. */
  get goneBecause(): string {
    return this.#goneBecause;
  }

  /** Uses the engine at the other end of `port` from now on. */
  connect(port: MessagePort): void {
    if (this.#disposed) return port.close();
    this.close("a new engine has taken its place");
    const connection = new Connection(port, this.#listener, () => {
      if (this.#connection === connection) this.close("its end of the line was closed");
    });
    this.#connection = connection;
    this.#nextConnection.resolve();
  }

  /** The engine is gone: everything pending ends now. */
  close(reason: string): void {
    this.#goneBecause = reason;
    if (!this.#connection) return;
    this.#nextConnection = Promise.withResolvers();
    this.#connection.close(reason);
    this.#connection = undefined;
    this.#listener.onGone(reason);
  }

  /** Sends a window, to be answered by `onVad`; false when there is no engine. */
  post(question: VadQuestion): boolean {
    this.#connection?.post(question);
    return this.#connection !== undefined;
  }

  /** Asks the engine and forgets it: for what needs no answer. */
  tell(message: (engine: EngineRemote) => Promise<void>): void {
    // An engine that cannot take it is gone, or will fail the next request that does matter.
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
    using end = new Ending(what, deadlineMs, signal);
    for (;;) {
      try {
        if (!this.#connection) {
          if (!retry || this.#disposed) throw new EngineGone(this.#goneBecause);
          await Promise.race([this.#nextConnection.promise, end.promise]);
          continue;
        }
        return await Promise.race([this.#connection.run(ask), end.promise]);
      } catch (error) {
        const failure = linkError(what, error);
        if (failure.failure !== "gone" || !retry || this.#disposed) throw failure;
      }
    }
  }

  /** Closes for good: nothing waits for another engine. */
  [Symbol.dispose](): void {
    this.#disposed = true;
    this.close("the call is over");
    this.#nextConnection.resolve();
  }
}

/** The engine is not there; the message says why. */
class EngineGone extends Error {}

/** The link to one engine, until that is gone. */
class Connection {
  readonly engine: EngineRemote;
  readonly #port: MessagePort;
  readonly #pending = new Pending();

  constructor(port: MessagePort, listener: LinkHandlers, onClose: () => void) {
    this.#port = port;
    this.engine = Comlink.wrap<EngineApi>(comlinkEndpoint(port)) as unknown as EngineRemote;
    port.on("message", (message) => {
      if (isAudioMessage(message)) listener.onAudio(message);
      else if (isVadAnswer(message)) listener.onVad(message);
    });
    port.on("close", onClose);
  }

  /** Asks; rejects with `EngineGone` when the engine is or goes away. */
  run<T>(ask: (engine: EngineRemote) => Promise<T>): Promise<T> {
    return this.#pending.answer(ask(this.engine));
  }

  post(question: VadQuestion): void {
    this.#port.postMessage(question);
  }

  close(reason: string): void {
    this.#pending.end(new EngineGone(reason));
    this.#port.close();
  }
}

/** Rejects when a deadline passes or a signal aborts. */
class Ending implements Disposable {
  readonly promise: Promise<never>;
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #stop: () => void;

  constructor(what: string, deadlineMs: number, signal: AbortSignal | undefined) {
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => undefined);
    this.promise = promise;
    this.#timer = setTimeout(() => {
      reject(
        new LinkError("timeout", `${what}: the speech engine did not answer in ${deadlineMs} ms`),
      );
    }, deadlineMs);
    const cancelled = () => reject(new LinkError("cancelled", `${what}: cancelled`));
    signal?.addEventListener("abort", cancelled, { once: true });
    if (signal?.aborted) cancelled();
    this.#stop = () => signal?.removeEventListener("abort", cancelled);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#stop();
  }
}

function linkError(what: string, reason: unknown): LinkError {
  if (reason instanceof LinkError) return reason;
  if (reason instanceof EngineGone) {
    return new LinkError("gone", `${what}: the speech engine is not there: ${reason.message}`);
  }
  const message = reason instanceof Error ? reason.message : String(reason);
  return new LinkError("refused", `${what}: the speech engine failed: ${message}`, {
    cause: reason,
  });
}
