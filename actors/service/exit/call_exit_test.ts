import assert from "node:assert/strict";
import { settingsWith } from "../../../config/read_settings.ts";
import { LogLines } from "../../../testing/log_lines.ts";
import { newCallRecord } from "../../call_record.ts";
import { soon } from "../calls/call_rig.ts";
import { FakePbx } from "../calls/pbx_rig.ts";
import { CallExit } from "./call_exit.ts";
import type { Destination } from "./destination.ts";

const CALLER = "caller-1";

/** A call on its way out: what the bot was asked to say, and how the call ended. */
function exitOf({ fallback = "operator" } = {}) {
  const pbx = new FakePbx();
  const said: string[] = [];
  const ended: Destination["to"][] = [];
  const over = new AbortController();
  const exit = new CallExit({
    record: newCallRecord({ id: "abc", channelId: CALLER, caller: "", startedAt: 0 }),
    settings: settingsWith({ ARI_FALLBACK_CONTEXT: fallback, TRANSFER_CONTEXT: "people" }),
    ari: pbx.gate,
    sounds: { play: (sound, id) => Promise.resolve(void pbx.asked.push(`play ${sound} ${id}`)) },
    over: over.signal,
    sayLast: (prompt) => void said.push(prompt),
    end: (reason) => {
      ended.push(reason);
      over.abort();
    },
  });
  pbx.enters(CALLER);
  pbx.onEvent = (event) => {
    if (event.type === "StasisEnd") exit.channelLeft();
  };
  return { exit, pbx, said, reasons: ended, ended: () => soon(() => ended[0], "the call ends") };
}

Deno.test("a caller who is bidden farewell hears it to its end before being hung up on", async () => {
  const { exit, pbx, said, ended } = exitOf();
  exit.leave("hangup");
  assert.deepEqual(said, ["farewell"]);
  assert.deepEqual(pbx.asked, []);
  exit.send();
  assert.equal(await ended(), "hangup");
  assert.deepEqual(pbx.asked, [`hangUp ${CALLER} normal`]);
});

Deno.test("without a fallback context a caller who is handed over is hung up on, after an apology", async () => {
  const { exit, pbx, said, ended } = exitOf({ fallback: "" });
  exit.leave("handover");
  assert.deepEqual(said, ["last_resort"]);
  exit.send();
  assert.equal(await ended(), "handover");
  assert.deepEqual(pbx.asked, [`hangUp ${CALLER} normal`]);
});

Deno.test("a caller who hangs up amid the last words ends the call as it was decided", async () => {
  const { exit, pbx, ended } = exitOf();
  exit.leave("handover");
  pbx.hangsUp(CALLER);
  assert.equal(await ended(), "handover");
});

Deno.test("a caller who left before they were sent away is no error", async () => {
  using log = new LogLines();
  const { exit, pbx, ended } = exitOf();
  exit.leave("handover");
  pbx.onEvent = () => {};
  pbx.hangsUp(CALLER);
  exit.send();
  assert.equal(await ended(), "handover");
  assert.deepEqual(log.errors, []);
});

Deno.test("a PBX that refuses to send the caller on is an error line, and the call ends all the same", async () => {
  using log = new LogLines();
  const { exit, pbx, ended } = exitOf();
  exit.leave("handover");
  pbx.fails("continueInDialplan", "unexpected");
  exit.send();
  assert.equal(await ended(), "handover");
  assert.match(log.errors.join(), /channel could not be sent on its way.*call=abc.*to=handover/);
});

Deno.test("a tool's destination has no last words, and the call ends once the tool's result is noted", async () => {
  const { exit, pbx, said, reasons, ended } = exitOf();
  await exit.sendTo({ to: "transfer", extension: "201" });
  assert.deepEqual(pbx.asked, [`continueInDialplan ${CALLER} people 201`]);
  assert.deepEqual(said, []);
  assert.deepEqual(reasons, []);
  exit.toolAnswered();
  assert.equal(await ended(), "transfer");
});

Deno.test("a caller whom a tool is hanging up on is not bidden farewell by a new isolate", async () => {
  const { exit, pbx, said, ended } = exitOf();
  const release = pbx.holds("hangUp");
  const sent = exit.sendTo({ to: "hangup" });
  exit.isolateReplaced();
  release();
  await sent;
  exit.toolAnswered();
  assert.equal(await ended(), "hangup");
  assert.deepEqual(said, []);
});

Deno.test("a transfer whose reply was lost took place, as the channel has left", async () => {
  const { exit, pbx, ended } = exitOf();
  pbx.fails("continueInDialplan", "timeout", "reply");
  await exit.sendTo({ to: "transfer", extension: "201" });
  exit.toolAnswered();
  assert.equal(await ended(), "transfer");
});

Deno.test("a transfer that the PBX refuses leaves the call as it was", async () => {
  const { exit, pbx, said } = exitOf();
  pbx.fails("continueInDialplan", "unexpected");
  await assert.rejects(exit.sendTo({ to: "transfer", extension: "201" }));
  assert.equal(exit.leaving, false);
  exit.toolAnswered();
  exit.leave("hangup");
  assert.deepEqual(said, ["farewell"]);
});

Deno.test("a transfer of a caller who has just hung up did not take place", async () => {
  const { exit, pbx } = exitOf();
  pbx.onEvent = () => {};
  pbx.hangsUp(CALLER);
  await assert.rejects(exit.sendTo({ to: "transfer", extension: "201" }), /404/);
});

Deno.test("a tool's destination comes too late once another was decided", async () => {
  const { exit, pbx } = exitOf();
  exit.leave("handover");
  await exit.sendTo({ to: "transfer", extension: "201" });
  assert.deepEqual(pbx.asked, []);
});

Deno.test("the last resort is an apology by the PBX, then the operator", async () => {
  const { exit, pbx, ended } = exitOf();
  await exit.lastResort();
  assert.equal(await ended(), "handover");
  assert.deepEqual(pbx.asked, [
    `play last_resort ${CALLER}`,
    `continueInDialplan ${CALLER} operator s`,
  ]);
});

Deno.test("a last resort that the PBX refuses ends the call, with an error line", async () => {
  using log = new LogLines();
  const { exit, pbx, ended } = exitOf();
  pbx.fails("continueInDialplan", "unexpected");
  await exit.lastResort();
  assert.equal(await ended(), "handover");
  assert.match(log.errors.at(-1)!, /last resort failed.*call=abc/);
});
