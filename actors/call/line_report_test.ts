import assert from "node:assert/strict";
import type { LineStats } from "../../media/line_stats.ts";
import { ManualTime } from "../../testing/manual_time.ts";
import type { FromCall } from "../messages.ts";
import { LineReport } from "./line_report.ts";

Deno.test("each packet lost is reported once, within ten seconds or at the call's end", () => {
  const time = new ManualTime();
  const sent: FromCall[] = [];
  const line: { kind: "rtp"; stats: LineStats } = { kind: "rtp", stats: { packetsLost: 0 } };
  const report = new LineReport(line, (message) => sent.push(message), time);
  report.start();
  time.advance(10_000);
  assert.deepEqual(sent, [], "nothing to report");

  line.stats = { packetsLost: 3, packetsReceived: 500 };
  time.advance(10_000);
  line.stats = { packetsLost: 4, packetsReceived: 500 };
  report[Symbol.dispose]();
  assert.deepEqual(sent, [
    { kind: "line_stats", transport: "rtp", stats: { packetsLost: 3, packetsReceived: 500 } },
    { kind: "line_stats", transport: "rtp", stats: { packetsLost: 1 } },
  ]);
  assert.equal(time.pending, 0);
});
