// Reports what a call's line counts, while the call lasts and at its end.

import type { LineCounter, LineStats } from "../../media/line_stats.ts";
import { SYSTEM_TIME, type TimeSource } from "../../media/playout/frame_clock.ts";
import type { MediaTransport } from "../../media/transport.ts";
import type { FromCall } from "../messages.ts";

/** Between reports: what an isolate that dies has not reported is lost. */
const REPORT_EVERY_MS = 10_000;

/** Sends what the counts have grown by; nothing while they stand still. The last report is `dispose`'s. */
export class LineReport implements Disposable {
  readonly #line: Pick<MediaTransport, "kind" | "stats">;
  readonly #send: (message: FromCall) => void;
  readonly #time: TimeSource;
  #reported: LineStats = {};
  #cancelTimer = () => {};

  constructor(
    line: Pick<MediaTransport, "kind" | "stats">,
    send: (message: FromCall) => void,
    time: TimeSource = SYSTEM_TIME,
  ) {
    this.#line = line;
    this.#send = send;
    this.#time = time;
  }

  /** Reports every ten seconds from now on. */
  start(): void {
    this.#cancelTimer = this.#time.after(REPORT_EVERY_MS, () => {
      this.#report();
      this.start();
    });
  }

  [Symbol.dispose](): void {
    this.#cancelTimer();
    this.#report();
  }

  #report(): void {
    const { kind, stats } = this.#line;
    const grown = Object.entries(stats)
      .map(([name, count]) => [name, count - (this.#reported[name as LineCounter] ?? 0)] as const)
      .filter(([, growth]) => growth > 0);
    this.#reported = stats;
    if (grown.length === 0) return;
    this.#send({ kind: "line_stats", transport: kind, stats: Object.fromEntries(grown) });
  }
}
