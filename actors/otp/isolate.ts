// One isolate: a `node:worker_threads` Worker with a heap limit and a heartbeat, which always says
// why it ended. What it does is not known here.
//
// Not a Web Worker: measured on Deno 2.9.6, a heap overflow in a Web Worker aborts the process, and
// Deno.exit() in one raises no event at all.

import { type Transferable, Worker } from "node:worker_threads";
import { logger } from "../../config/logging.ts";
import {
  type ExitReason,
  type FaultKind,
  type FromIsolate,
  isControl,
  type IsolateData,
  type ToIsolate,
} from "./control.ts";
import { deprioritise } from "../../runtime/repairs/hung_thread.ts";
import { Mailbox } from "./mailbox.ts";
import type { Child } from "./supervisor.ts";

const log = logger("isolate");

/** What an isolate runs, and within which limits. */
export interface IsolateOptions {
  /** Names it in log lines, and its thread. */
  readonly name: string;
  /** Its entry point, which calls `runIsolate`. */
  readonly module: URL;
  /** What `runIsolate` hands to the entry point. */
  readonly data: IsolateData;
  /** Limit of its JavaScript heap in MB; 0 for none. */
  readonly heapMb: number;
  /** How long it may take to become ready. */
  readonly initTimeoutMs: number;
  /** `DEFAULT_HEARTBEAT` unless given. */
  readonly heartbeat?: Heartbeat;
  /** Whether what it sent is one of its messages, in every field; others are dropped. */
  readonly isMessage?: (message: unknown) => boolean;
}

/** A ping every `intervalMs`; an isolate that leaves `maxMissed` in a row unanswered is ended as a `hang`. */
export interface Heartbeat {
  readonly intervalMs: number;
  readonly maxMissed: number;
}

/** Notices a hang within 2 s. */
export const DEFAULT_HEARTBEAT: Heartbeat = { intervalMs: 500, maxMissed: 3 };

/** A call makes little garbage; V8's default of 16 MB and more keeps it around (measured: 12 MB per isolate). */
const YOUNG_GENERATION_MB = 2;

/** An isolate could not be started. */
export class IsolateStartError extends Error {
  override readonly name = "IsolateStartError";

  constructor(isolate: string, readonly reason: ExitReason, detail: string) {
    super(`isolate ${isolate} did not start (${reason}): ${detail}`);
  }
}

/** A running isolate as its owner sees it: it is sent `Out` and sends `In`. */
export interface IsolateHandle<Out, In> extends Child {
  readonly name: string;
  /** Why it ended, in words, once it has. */
  readonly detail: string;
  /** Sends a message, with ownership of what `transfer` lists; does nothing once the isolate has ended. */
  post(message: Out, transfer?: readonly Transferable[]): void;
  /** Takes the isolate's messages from now on, beginning with those that nobody has taken yet. */
  listen(listener: (message: In) => void): void;
  /** Ends it immediately, for `reason`. */
  killBecause(reason: ExitReason, detail: string): void;
  /**
   * Makes it die in the given way (`FAULT_INJECTION`). Resolves when the fault strikes, with the
   * milliseconds since the epoch; with undefined when the isolate has ended otherwise.
   */
  injectFault(fault: FaultKind): Promise<number | undefined>;
}

/** An isolate of ours, from `start` to `exited`. */
export class Isolate<Out, In> implements IsolateHandle<Out, In> {
  readonly exited: Promise<ExitReason>;
  readonly name: string;
  readonly #worker: Worker;
  readonly #exit = Promise.withResolvers<ExitReason>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #struck = Promise.withResolvers<number>();
  readonly #heartbeat: Heartbeat;
  readonly #mailbox: Mailbox<In>;
  #pinger?: ReturnType<typeof setInterval>;
  #seq = 0;
  #answered = 0;
  #cause?: ExitReason;
  #detail = "";
  #ended = false;

  private constructor(options: IsolateOptions) {
    this.name = options.name;
    this.exited = this.#exit.promise;
    this.#heartbeat = options.heartbeat ?? DEFAULT_HEARTBEAT;
    this.#ready.promise.catch(() => {});
    this.#worker = new Worker(options.module, {
      name: options.name,
      workerData: options.data,
      resourceLimits: options.heapMb > 0
        ? { maxOldGenerationSizeMb: options.heapMb, maxYoungGenerationSizeMb: YOUNG_GENERATION_MB }
        : undefined,
    });
    this.#mailbox = new Mailbox({
      name: options.name,
      isMessage: options.isMessage,
      giveUp: (why) => this.#end("crash", why),
    });
    this.#worker.on("message", (envelope: unknown) => this.#onEnvelope(envelope));
    this.#worker.on("error", (error: Error & { code?: string }) => {
      this.#cause ??= error.code === "ERR_WORKER_OUT_OF_MEMORY" ? "out_of_memory" : "crash";
      this.#detail ||= error.message;
      // A worker that has reported an error does not always report its exit.
      void this.#worker.terminate();
      this.#onEnd();
    });
    this.#worker.on("exit", (code: number) => {
      this.#cause ??= "exit";
      this.#detail ||= `exit code ${code}`;
      this.#onEnd();
    });
  }

  /**
   * Starts an isolate and waits until it is ready.
   *
   * @throws {IsolateStartError} when it ends, or is not ready in time.
   */
  static async start<Out, In>(options: IsolateOptions): Promise<Isolate<Out, In>> {
    const isolate = new Isolate<Out, In>(options);
    const deadline = setTimeout(
      () => isolate.#end("init_timeout", `not ready after ${options.initTimeoutMs} ms`),
      options.initTimeoutMs,
    );
    try {
      await isolate.#ready.promise;
    } finally {
      clearTimeout(deadline);
    }
    isolate.#watch();
    return isolate;
  }

  get detail(): string {
    return this.#detail;
  }

  post(message: Out, transfer: readonly Transferable[] = []): void {
    if (!this.#ended) this.#worker.postMessage({ message }, [...transfer]);
  }

  listen(listener: (message: In) => void): void {
    this.#mailbox.listen(listener);
  }

  /** Asks it to finish its work and end; the reason will be `shutdown`. */
  shutdown(): void {
    if (this.#ended) return;
    this.#cause ??= "shutdown";
    this.#control({ kind: "shutdown" });
  }

  /** Ends it immediately; the reason will be `shutdown`, unless it was already dying of something else. */
  kill(): void {
    this.#end("shutdown", "killed");
  }

  killBecause(reason: ExitReason, detail: string): void {
    this.#end(reason, detail);
  }

  injectFault(fault: FaultKind): Promise<number | undefined> {
    this.#control({ kind: "fault", fault });
    return Promise.race([this.#struck.promise, this.exited.then(() => undefined)]);
  }

  #control(control: ToIsolate): void {
    if (!this.#ended) this.#worker.postMessage({ control });
  }

  /** Whatever arrives is data, whoever wrote the isolate's code. */
  #onEnvelope(envelope: unknown): void {
    if (this.#ended) return;
    const { control, message } = envelope as Partial<{ control: unknown; message: unknown }> ?? {};
    if (control === undefined) this.#mailbox.arrived(message);
    else if (isControl(control)) this.#onControl(control);
    else this.#mailbox.wrong("control");
  }

  #onControl(control: FromIsolate): void {
    switch (control.kind) {
      case "ready":
        this.#ready.resolve();
        break;
      case "pong":
        this.#answered = control.seq;
        break;
      case "struck":
        this.#struck.resolve(control.at);
        break;
      case "done":
        this.#cause ??= "normal";
        void this.#worker.terminate();
        this.#onEnd();
    }
  }

  #watch(): void {
    if (this.#ended) return;
    this.#pinger = setInterval(() => {
      const missed = this.#seq - this.#answered;
      if (missed >= this.#heartbeat.maxMissed) {
        this.#end("hang", `${missed} heartbeats unanswered`);
        return;
      }
      if (missed > 0) log.warn("isolate is slow to answer", { isolate: this.name, missed });
      this.#control({ kind: "ping", seq: ++this.#seq });
    }, this.#heartbeat.intervalMs);
  }

  #end(reason: ExitReason, detail: string): void {
    if (this.#ended) return;
    this.#cause ??= reason;
    this.#detail ||= detail;
    const { threadId } = this.#worker;
    void this.#worker.terminate();
    if (reason !== "shutdown") deprioritise(this.name, threadId);
    this.#onEnd();
  }

  #onEnd(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#pinger);
    const reason = this.#cause ?? "crash";
    this.#ready.reject(new IsolateStartError(this.name, reason, this.#detail));
    this.#exit.resolve(reason);
  }
}
