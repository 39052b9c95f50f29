// An isolate for tests of what owns isolates: no thread, and everything it was sent is kept.

import type { ExitReason, FaultKind } from "./control.ts";
import type { IsolateHandle, IsolateOptions } from "./isolate.ts";

/** An isolate that says what a test has it say, and dies when a test says so. */
export class FakeIsolate<Out, In> implements IsolateHandle<Out, In> {
  readonly name: string;
  readonly #exit = Promise.withResolvers<ExitReason>();
  readonly exited: Promise<ExitReason> = this.#exit.promise;
  /** Everything it was sent, in order. */
  readonly posted: Out[] = [];
  detail = "";
  #listener?: (message: In) => void;

  constructor(readonly options: IsolateOptions) {
    this.name = options.name;
  }

  /** It sends a message to its owner. */
  says(message: In): void {
    this.#listener?.(message);
  }

  dies(reason: ExitReason): void {
    this.detail ||= `as the test has it: ${reason}`;
    this.#exit.resolve(reason);
  }

  listen(listener: (message: In) => void): void {
    this.#listener = listener;
  }

  post(message: Out): void {
    this.posted.push(message);
  }

  shutdown(): void {
    this.dies("shutdown");
  }

  kill(): void {
    this.dies("shutdown");
  }

  killBecause(reason: ExitReason): void {
    this.dies(reason);
  }

  injectFault(_fault: FaultKind): Promise<number | undefined> {
    this.dies("crash");
    return Promise.resolve(1);
  }
}
