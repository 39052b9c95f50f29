import assert from "node:assert/strict";
import fc from "fast-check";
import { LogLines } from "../../testing/log_lines.ts";
import { channelJson, eventJson } from "../../testing/test_ari.ts";
import { EventIntake, LONGEST_EVENT } from "./event_intake.ts";
import type { AriEvent } from "./events.ts";

/** An intake that notes what came through, in time that a test lets pass. */
class Rig {
  readonly events: AriEvent[] = [];
  readonly dropped: string[] = [];
  fails = false;
  now = 0;
  readonly intake = new EventIntake({
    onEvent: (event) => {
      if (this.fails) throw new Error("a bug");
      this.events.push(event);
    },
    onDropped: (why) => void this.dropped.push(why),
  }, () => this.now);

  /** Whether an event that comes now gets through. */
  works(): boolean {
    const before = this.events.length;
    this.intake.take(eventJson("StasisEnd", { channel: channelJson("c1") }));
    return this.events.length === before + 1;
  }
}

Deno.test("a message that is no event, too long, too deep or binary is dropped and counted, and the next is taken", () => {
  using _log = new LogLines();
  const rig = new Rig();
  const long = eventJson("StasisEnd", { channel: channelJson("c1"), x: "y".repeat(LONGEST_EVENT) });
  const deep = `{"type":"StasisEnd","channel":${"[".repeat(100_000)}${"]".repeat(100_000)}}`;
  const huge = { digit: "1", duration_ms: 1e9, channel: channelJson("c".repeat(10_000)) };
  const messages = [undefined, long, deep, "[]", "{", eventJson("ChannelDtmfReceived", huge)];
  for (const message of messages) rig.intake.take(message);
  assert.deepEqual(rig.dropped, messages.map(() => "malformed"));
  assert.deepEqual(rig.events, []);
  assert.ok(rig.works());
});

Deno.test("numbers and keys out of their range make an event malformed", () => {
  using _log = new LogLines();
  const rig = new Rig();
  const channel = channelJson("c1");
  for (const digit of ["", "12", "x", "\u0000", "１"]) {
    rig.intake.take(eventJson("ChannelDtmfReceived", { digit, duration_ms: 100, channel }));
  }
  for (const duration_ms of [-1, 0.5, 1e300]) {
    rig.intake.take(eventJson("ChannelDtmfReceived", { digit: "1", duration_ms, channel }));
  }
  rig.intake.take(eventJson("ChannelDestroyed", { cause: -1, cause_txt: "", channel }));
  assert.equal(rig.dropped.length, 9);
  for (const digit of ["0", "*", "#", "D"]) {
    rig.intake.take(eventJson("ChannelDtmfReceived", { digit, duration_ms: 0, channel }));
  }
  assert.equal(rig.events.length, 4);
});

Deno.test("a flood of malformed events is a line every ten seconds, which says how many there were", () => {
  using log = new LogLines();
  const rig = new Rig();
  const bad = eventJson("StasisEnd", { channel: { id: "1795641870.17" } });
  for (let nth = 0; nth < 1000; nth++) rig.intake.take(bad);
  assert.equal(log.warnings.length, 1);
  assert.match(log.warnings[0]!, /StasisEnd.*channel=1795641870.17/);
  rig.now = 10_000;
  rig.intake.take(bad);
  assert.equal(log.warnings.length, 2);
  assert.match(log.warnings[1]!, /since=1000/);
  assert.equal(rig.dropped.length, 1001);
});

Deno.test("a handler that throws is logged and counted, and the next event is taken", () => {
  using log = new LogLines();
  const rig = new Rig();
  rig.fails = true;
  for (let nth = 0; nth < 3; nth++) rig.works();
  assert.equal(log.errors.length, 1);
  assert.deepEqual(rig.dropped, Array(3).fill("handler_failed"));
  rig.fails = false;
  assert.ok(rig.works());
});

Deno.test("no message stops the intake, and none of a message's values reaches the log", () => {
  using log = new LogLines();
  const rig = new Rig();
  const type = fc.constantFrom("StasisStart", "StasisEnd", "ChannelDestroyed", "ChannelVarset");
  const value = fc.oneof(fc.jsonValue(), fc.constant("+79000000001"));
  const message = fc.record({ type, channel: value, args: value, cause: value, playback: value });
  fc.assert(
    fc.property(fc.oneof(message.map((it) => JSON.stringify(it)), fc.string()), (text) => {
      rig.now += 10_000;
      rig.intake.take(text);
      return rig.works();
    }),
    { numRuns: 2000 },
  );
  assert.doesNotMatch(log.all.join("\n"), /9000000001/);
});
