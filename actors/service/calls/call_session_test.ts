import assert from "node:assert/strict";
import { CallRig, eventually, FakeIsolate } from "./call_rig.ts";

Deno.test("keys pressed while an isolate is being replaced, or before the first talks, are kept", async () => {
  await using rig = new CallRig();
  const slow = new FakeIsolate("slow", false);
  rig.isolates.next.push(slow);
  const { record } = rig.call();
  const press = (digit: string) => rig.pbx.keyPressed(record.channelId, digit);
  await eventually(() => slow.last("media"), "the first isolate is told of its media");
  press("1");
  slow.tells({ kind: "media_open" });
  const first = await rig.talking(1);
  press("2");
  const release = rig.pbx.holds("externalMedia");
  first.dies("crash");
  await eventually(() => rig.isolates.taken.length === 2, "it is being replaced");
  press("3");
  release();
  await rig.talking(2);
  press("#");
  assert.equal(record.keys, "123#");
  assert.equal(rig.journal.liveCalls()[0]!.keys, "123#");
});
