import assert from "node:assert/strict";
import { eventually } from "../../testing/eventually.ts";
import { FakeEngine, open, speak, voice, voiceWindow } from "./engine_rig.ts";

Deno.test("an engine that dies without a word is noticed by its closed port", async () => {
  const engine = new FakeEngine();
  const reasons: string[] = [];
  using local = engine.connect({ vadDeadlineMs: 60_000, onDegraded: (why) => reasons.push(why) });
  engine.transcribeAnswer = () => new Promise(() => {});
  const utterance = open(local);
  utterance.push(voice(1200));
  const final = utterance.finish();
  await eventually(() => engine.urgencies.length > 0, "the engine is asked for a text");
  engine.vadAnswer = () => undefined;
  const window = local.vad.probability(voiceWindow());
  engine.die();
  assert.equal(await window, 1);
  assert.match(reasons[0]!, /closed/);
  new FakeEngine().serve((port) => local.reconnect(port));
  assert.equal((await final).text, "1.2 s");
});

Deno.test("when the call ends, nothing waits any longer", async () => {
  const engine = new FakeEngine();
  engine.transcribeAnswer = () => new Promise(() => {});
  const local = engine.connect({ asrDeadlineMs: 60_000, ttsDeadlineMs: 60_000 });
  const utterance = open(local);
  utterance.push(voice(500));
  const final = assert.rejects(utterance.finish(), /the call is over/);
  local[Symbol.dispose]();
  await final;
  await assert.rejects(speak(local, "en"), /the call is over/);
});
