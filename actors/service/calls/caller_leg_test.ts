import assert from "node:assert/strict";
import type { MediaPlan } from "../../../media/transport.ts";
import { LogLines } from "../../../testing/log_lines.ts";
import { CallerLeg } from "./caller_leg.ts";
import { ariError, FakePbx } from "./pbx_rig.ts";

const CALLER = "caller-1";
const BRIDGE = "voxbot-abc";
const FILES: MediaPlan = {
  kind: "files",
  soundsDir: "",
  recordingDir: "",
  language: "en",
  retries: 0,
};
const RTP: MediaPlan = { kind: "rtp", host: "127.0.0.1", ports: [30000, 30001], format: "ulaw" };

function legOn(pbx: FakePbx, over = new AbortController()): CallerLeg {
  pbx.enters(CALLER);
  return new CallerLeg({
    ari: pbx.gate,
    app: "voxbot",
    callId: "abc",
    channelId: CALLER,
    over: over.signal,
  });
}

Deno.test("a caller of an earlier run is in the bridge already: that one is kept", async () => {
  const pbx = new FakePbx();
  const leg = legOn(pbx);
  pbx.bridges.add(BRIDGE);
  await leg.join({ kind: "websocket" }, true);
  assert.ok(pbx.asked.includes(`addToBridge ${BRIDGE} ${CALLER}`));
  assert.ok(pbx.bridges.has(BRIDGE));
});

Deno.test("a new call takes no bridge that somebody else made", async () => {
  const pbx = new FakePbx();
  const leg = legOn(pbx);
  pbx.bridges.add(BRIDGE);
  await assert.rejects(leg.join({ kind: "websocket" }, false), { kind: "conflict" });
});

Deno.test("with files a caller is in no bridge, not even one of an earlier run: they would hear nothing", async () => {
  const pbx = new FakePbx();
  const leg = legOn(pbx);
  await leg.join(FILES, false);
  assert.deepEqual(pbx.asked, [`answer ${CALLER}`]);
  pbx.bridges.add(BRIDGE);
  await leg.join(FILES, true);
  assert.deepEqual([...pbx.bridges], []);
});

Deno.test("audio over RTP travels in the codec of the caller's line, and is not transcoded", async () => {
  const pbx = new FakePbx();
  assert.deepEqual(await legOn(pbx).planFor(RTP), { ...RTP, format: "alaw" });
});

Deno.test("a line whose codec the PBX does not tell costs a transcoding, and no call", async () => {
  using log = new LogLines();
  const pbx = new FakePbx();
  pbx.fails("variable", "timeout");
  assert.deepEqual(await legOn(pbx).planFor(RTP), RTP);
  assert.match(log.all.join(), /codec of the caller's line is unknown.*call=abc/);
});

Deno.test("a caller who left while the codec was asked for is not set up any further", async () => {
  for (const kind of ["gone", "not_in_stasis"] as const) {
    const pbx = new FakePbx();
    pbx.fails("variable", kind);
    await assert.rejects(legOn(pbx).planFor(RTP), { kind });
  }
});

Deno.test("only the PBX's word makes a failed command a caller who has left", async () => {
  const pbx = new FakePbx();
  const leg = legOn(pbx);
  assert.equal(await leg.hasLeft(new Error("a bug")), false);
  assert.equal(await leg.hasLeft(ariError("timeout")), false);
  assert.equal(pbx.count("application"), 0);
  assert.equal(await leg.hasLeft(ariError("gone")), false, "the channel is there");
  pbx.hangsUp(CALLER);
  assert.equal(await leg.hasLeft(ariError("gone")), true);
  assert.equal(await leg.hasLeft(ariError("not_in_stasis")), true);
  pbx.fails("application", "timeout");
  assert.equal(await leg.hasLeft(ariError("gone")), false, "the PBX does not say");
});

Deno.test("a bridge that is gone already is no fault, and one that stays is an error line", async () => {
  using log = new LogLines();
  const pbx = new FakePbx();
  const leg = legOn(pbx);
  await leg.destroyBridge();
  assert.deepEqual(log.errors, []);
  pbx.fails("destroyBridge", "unexpected");
  await leg.destroyBridge();
  assert.match(log.errors[0]!, /bridge could not be destroyed.*call=abc.*bridge=voxbot-abc/);
});

Deno.test("a bridge whose answer was lost in a crowd is the call's own when it is asked for again", async () => {
  const pbx = new FakePbx();
  const { run } = pbx.gate;
  // As the gate does when the PBX has no room.
  Object.assign(pbx.gate, {
    run: ((command, signal) =>
      run(command, signal).catch(() => run(command, signal))) as typeof run,
  });
  pbx.fails("createBridge", "unreachable", "reply");
  await legOn(pbx).join({ kind: "websocket" }, false);
  assert.equal(pbx.count("createBridge"), 2);
  assert.ok(pbx.asked.includes(`addToBridge ${BRIDGE} ${CALLER}`));
});
