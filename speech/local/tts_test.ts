import assert from "node:assert/strict";
import type { Pcm } from "../../media/frame.ts";
import { eventually } from "../../testing/eventually.ts";
import { NEVER } from "../audio_rig.ts";
import { TtsError } from "../tts.ts";
import { FakeEngine, speak } from "./engine_rig.ts";

Deno.test("a phrase's audio comes complete and in order, in the voice of its language", async () => {
  const engine = new FakeEngine();
  using local = engine.connect({ speed: 1.2 });
  assert.deepEqual(await speak(local, "ru"), Int16Array.of(1, 2, 3));
  assert.deepEqual(await speak(local, "en"), Int16Array.of(1, 2, 3));
  assert.deepEqual(engine.phrases.map(({ voice, speed }) => [voice, speed]), [
    ["ru", 1.2],
    ["en-us", 1.2],
  ]);
});

Deno.test("a caller who interrupts ends the synthesis at the engine too", async () => {
  const engine = new FakeEngine();
  engine.synthesizeEnds = () => new Promise(() => {});
  using local = engine.connect();
  const interruption = new AbortController();
  const heard: Pcm[] = [];
  for await (
    const pcm of local.tts.synthesize("Hello.", { language: "en", signal: interruption.signal })
  ) {
    heard.push(pcm);
    if (heard.length === 3) interruption.abort();
  }
  assert.equal(heard.length, 3);
  await eventually(() => engine.cancelledPhrases.length > 0, "the phrase is cancelled");
  assert.deepEqual(engine.cancelledPhrases, [engine.phrases[0]!.id]);
});

Deno.test("a phrase that has not begun when the engine dies is spoken by the next one", async () => {
  const engine = new FakeEngine();
  engine.chunks = [];
  engine.synthesizeEnds = () => new Promise(() => {});
  using local = engine.connect();
  const phrase = speak(local, "en");
  await eventually(() => engine.phrases.length > 0, "the engine is asked for the phrase");
  local.close("crash");
  new FakeEngine().serve((port) => local.reconnect(port));
  assert.deepEqual(await phrase, Int16Array.of(1, 2, 3));
});

Deno.test("a phrase cut off by the engine's death fails, so that the call can say it again", async () => {
  const engine = new FakeEngine();
  engine.synthesizeEnds = () => new Promise(() => {});
  using local = engine.connect();
  const heard: Pcm[] = [];
  await assert.rejects(async () => {
    for await (const pcm of local.tts.synthesize("Hello.", { language: "en", signal: NEVER })) {
      heard.push(pcm);
      if (heard.length < 3) continue;
      local.close("crash");
      new FakeEngine().serve((port) => local.reconnect(port));
    }
  }, TtsError);
  assert.equal(heard.length, 3);
});

Deno.test("an unknown voice is reported in the engine's words", async () => {
  const engine = new FakeEngine();
  engine.synthesizeEnds = () => Promise.reject(new Error('no voice "xx"'));
  using local = engine.connect({ voice: "xx" });
  await assert.rejects(speak(local, "en"), (error: Error) => {
    return error instanceof TtsError && /no voice "xx"/.test(error.message);
  });
});
