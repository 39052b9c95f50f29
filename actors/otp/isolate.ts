// One isolate: a `node:worker_threads` Worker with a heap limit and a heartbeat, that always
// says why it ended. Nothing here knows what it does.
//
// node:worker_threads and not a Web Worker: measured on Deno 2.9.6, a heap overflow in a Web
// Worker aborts the process, and Deno.exit() in one gives no event at all.

import { type Transferable, Worker } from "node:worker_threads";
import { logger } from "../../config/logging.ts";
import type {
  Envelope,
  ExitReason,
  FaultKind,
  FromIsolate,
  IsolateData,
  ToIsolate,
} from "./control.ts";
import { deprioritise } from "../../runtime/stuck_thread.ts";
import type { Child } from "./supervisor.ts";

const log = logger("isolate");

/** How an isolate is watched. */
export interface IsolateOptions {
  /** Shown in log lines. */
  readonly name: string;
  readonly module: URL;
  readonly data: IsolateData;
  /** Heap limit in MB; 0 for none. */
  readonly heapMb: number;
  /** Deadline for `ready`. */
  readonly initTimeoutMs: number;
  readonly heartbeat?: Heartbeat;
}

/** A ping every `intervalMs`; an isolate that leaves `maxMissed` in a row unanswered is dead. */
export interface Heartbeat {
  readonly intervalMs: number;
  readonly maxMissed: number;
}

/** Ping 500 ms, dead after 3 missed: a hang is noticed within 2 s. */
export const DEFAULT_HEARTBEAT: Heartbeat = { intervalMs: 500, maxMissed: 3 };

/** A call makes little garbage; V8's default of 16 MB and more only lets it lie (measured: 12 MB an isolate). */
const YOUNG_GENERATION_MB = 2;

/** An isolate could not be started. */
export class IsolateStartError extends Error {
  override readonly name = "IsolateStartError";

  constructor(isolate: string, readonly reason: ExitReason, detail: string) {
    super(`isolate ${isolate} did not start (${reason}): ${detail}`);
  }
}

/** A running isolate that is sent `Out` and sends `In`. */
export class Isolate<Out, In> implements Child {
  readonly exited: Promise<ExitReason>;
  readonly name: string;
  readonly #worker: Worker;
  readonly #exit = Promise.withResolvers<ExitReason>();
  readonly #ready = Promise.withResolvers<void>();
  readonly #struck = Promise.withResolvers<number>();
  readonly #heartbeat: Heartbeat;
  #listener?: (message: In) => void;
  #unheard: In[] = [];
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
    this.#worker.on("message", (envelope: Envelope<FromIsolate, In>) => {
      if ("control" in envelope) this.#onControl(envelope.control);
      else this.#onMessage(envelope.message);
    });
    this.#worker.on("error", (error: Error & { code?: string }) => {
      this.#cause ??= error.code === "ERR_WORKER_OUT_OF_MEMORY" ? "out_of_memory" : "crash";
      this.#detail ||= error.message;
      // A worker whose error was reported does not always send its exit.
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
   * Starts an isolate and waits until it says it is ready.
   *
   * @throws {IsolateStartError} when it ends, or is not ready in time.
   */
  static async start<Out, In>(
    options: IsolateOptions,
  ): Promise<Isolate<Out, In>> {
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

  /** Why it ended, in words, once it has. */
  get detail(): string {
    return this.#detail;
  }

  /** Sends a message; to an isolate that has ended, nothing happens. */
  post(message: Out, transfer: readonly Transferable[] = []): void {
    if (!this.#ended) this.#worker.postMessage({ message }, [...transfer]);
  }

  /** Takes the isolate's messages from now on; those that came before anybody listened come first. */
  listen(listener: (message: In) => void): void {
    this.#listener = listener;
    const unheard = this.#unheard;
    this.#unheard = [];
    for (const message of unheard) listener(message);
  }

  /** Asks it to finish and end; the reason will be `shutdown`. */
  shutdown(): void {
    if (this.#ended) return;
    this.#cause ??= "shutdown";
    this.#control({ kind: "shutdown" });
  }

  /** Ends it at once; the reason will be `shutdown`, unless it was dying of something else. */
  kill(): void {
    this.#end("shutdown", "killed");
  }

  /** Ends it at once, for `reason`. */
  killBecause(reason: ExitReason, detail: string): void {
    this.#end(reason, detail);
  }

  /**
   * Tells it to die in a given way (`FAULT_INJECTION`). Resolves when that strikes, with the
   * milliseconds since the epoch; with undefined when it has ended otherwise.
   */
  injectFault(fault: FaultKind): Promise<number | undefined> {
    this.#control({ kind: "fault", fault });
    return Promise.race([this.#struck.promise, this.exited.then(() => undefined)]);
  }

  #control(control: ToIsolate): void {
    if (!this.#ended) this.#worker.postMessage({ control });
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

  #onMessage(message: In): void {
    if (this.#listener) this.#listener(message);
    else this.#unheard.push(message);
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
