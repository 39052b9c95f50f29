// A call isolate as the service sees it. It has one mailbox and, for its whole life, one owner of
// it: what concerns the pool goes to the pool, everything else to whoever holds the isolate's call.

import type { Transferable } from "node:worker_threads";
import type { FromCall, ToCall, ToMedia, ToPool, ToSession } from "../../messages.ts";
import type { ExitReason, FaultKind } from "../../otp/control.ts";
import type { IsolateHandle } from "../../otp/isolate.ts";

/** An isolate as the holder of its call sees it. */
export type CallIsolate = IsolateHandle<ToCall, ToMedia | ToSession>;

/** What of its isolates' messages the pool answers itself. */
export type PoolMessage = Exclude<ToPool, { kind: "warm" }>;

/** An isolate of the pool. */
export class PooledIsolate implements CallIsolate {
  readonly #isolate: IsolateHandle<ToCall, FromCall>;
  readonly #warm = Promise.withResolvers<void>();
  #holder?: (message: ToMedia | ToSession) => void;

  constructor(
    isolate: IsolateHandle<ToCall, FromCall>,
    toPool: (message: PoolMessage, from: PooledIsolate) => void,
  ) {
    this.#isolate = isolate;
    isolate.listen((message) => {
      switch (message.kind) {
        case "warm":
          return this.#warm.resolve();
        case "speech":
        case "token":
        case "line_stats":
          return toPool(message, this);
        default:
          this.#holder?.(message);
      }
    });
  }

  /** Settles when its prompts are rendered. */
  get warm(): Promise<void> {
    return this.#warm.promise;
  }

  get name(): string {
    return this.#isolate.name;
  }

  get detail(): string {
    return this.#isolate.detail;
  }

  get exited(): Promise<ExitReason> {
    return this.#isolate.exited;
  }

  /** Holds its call from now on. An isolate that has no call has nothing to say to a holder. */
  listen(holder: (message: ToMedia | ToSession) => void): void {
    this.#holder = holder;
  }

  post(message: ToCall, transfer?: readonly Transferable[]): void {
    this.#isolate.post(message, transfer);
  }

  shutdown(): void {
    this.#isolate.shutdown();
  }

  kill(): void {
    this.#isolate.kill();
  }

  killBecause(reason: ExitReason, detail: string): void {
    this.#isolate.killBecause(reason, detail);
  }

  injectFault(fault: FaultKind): Promise<number | undefined> {
    return this.#isolate.injectFault(fault);
  }
}
