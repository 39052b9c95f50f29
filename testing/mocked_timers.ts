// Time for tests of code that uses `setTimeout` and `setInterval` themselves (where it takes a
// `TimeSource`, see manual_time.ts): it passes only when the test says so.

import { mock } from "node:test";

/** Enough turns for any chain of promises that waits for no timer. */
const TURNS = 50;

/** Lets everything happen that waits for settled promises only. */
export async function settled(): Promise<void> {
  for (let i = 0; i < TURNS; i++) await Promise.resolve();
}

/** Stops all timers of this thread until it is disposed. */
export class MockedTimers implements Disposable {
  constructor() {
    mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  }

  /** Lets `ms` milliseconds pass, and what follows from them happen. */
  async pass(ms: number): Promise<void> {
    await settled();
    mock.timers.tick(ms);
    await settled();
  }

  [Symbol.dispose](): void {
    mock.timers.reset();
  }
}
