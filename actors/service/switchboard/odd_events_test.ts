// Events that come twice, out of order, or about channels that are gone, next to a call that lives.

import assert from "node:assert/strict";
import fc from "fast-check";
import type { AriEvent } from "../../../asterisk/ari/mod.ts";
import { LogLines } from "../../../testing/log_lines.ts";
import { soon, turn } from "../calls/call_rig.ts";
import { channel, playback } from "../calls/pbx_rig.ts";
import { SwitchboardRig } from "./switchboard_rig.ts";

const ODD = "caller-odd";

const about = { application: "voxbot", timestamp: "2026-01-01T00:00:00Z", channel: channel(ODD) };
const bridge = { id: "b", name: "b", technology: "", bridge_type: "mixing", channels: [] };
const recording = { name: "r", format: "sln", target_uri: `channel:${ODD}`, state: "done" };
const EVENTS: readonly AriEvent[] = [
  { ...about, type: "StasisStart", args: [] },
  { ...about, type: "StasisEnd" },
  { ...about, type: "ChannelDestroyed", cause: 16, cause_txt: "" },
  { ...about, type: "ChannelDtmfReceived", digit: "7", duration_ms: 100 },
  { ...about, type: "ChannelHangupRequest" },
  { ...about, type: "ChannelEnteredBridge", bridge },
  { ...about, type: "ChannelLeftBridge", bridge },
  { ...about, type: "PlaybackFinished", playback: playback(ODD, "p") },
  { ...about, type: "RecordingFinished", recording },
  { ...about, type: "StasisStart", args: [], channel: channel(ODD, "x".repeat(100_000)) },
];

Deno.test("no order of events of one channel harms the call beside it, or leaves a call behind", async () => {
  using log = new LogLines();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...EVENTS), { maxLength: 12 }), async (events) => {
      await using rig = new SwitchboardRig();
      const { switchboard, pbx, service } = rig;
      const neighbour = rig.called("caller-1");
      await service.isolates.talking(1);
      for (const event of events) switchboard.onEvent(event);
      assert.ok(switchboard.size <= 2, "a channel is one call at a time");
      await turn();
      pbx.keyPressed("caller-1", "5");
      assert.equal(neighbour.keys, "x");
      assert.equal(neighbour.endedAt, undefined);
      // The channel is not on the PBX: what was taken for its call ends by itself.
      await soon(() => switchboard.size === 1, "only the neighbour is left");
      for (const { caller } of switchboard.list()) assert.ok(caller.length < 100);
    }),
    { numRuns: 100 },
  );
  assert.doesNotMatch(log.all.join("\n"), /9000000001/);
});

Deno.test("a call that fails at an event of its own keeps no other from theirs", async () => {
  using log = new LogLines();
  await using rig = new SwitchboardRig();
  const { switchboard } = rig;
  const [broken, other] = [rig.called("caller-1"), rig.called("caller-2")];
  for (const nth of [1, 2]) await rig.service.isolates.talking(nth);
  Object.defineProperty(broken, "keys", {
    get: () => {
      throw new Error("a bug");
    },
  });
  rig.pbx.keyPressed("caller-1", "1");
  rig.pbx.keyPressed("caller-2", "2");
  assert.equal(other.keys, "x");
  assert.deepEqual(rig.service.counts("ariEventDropped"), [["handler_failed"]]);
  assert.match(log.errors[0]!, new RegExp(`${broken.id}.*ChannelDtmfReceived`));
  assert.equal(switchboard.size, 2);
});
