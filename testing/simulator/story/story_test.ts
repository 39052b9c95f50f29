import assert from "node:assert/strict";
import recorded from "./story_22.10.1.json" with { type: "json" };
import { FRAME_SAMPLES } from "../../../media/frame.ts";
import { startSimulator } from "../mod.ts";
import { tellStory } from "./story.ts";

Deno.test("the simulated PBX says word for word what a real Asterisk 22.10.1 said", async (t) => {
  await using pbx = await startSimulator({
    language: "ru",
    sounds: { beep: new Int16Array(FRAME_SAMPLES * 10) },
  });
  const chapters = await tellStory(pbx);
  for (const [i, { title, ...chapter }] of chapters.entries()) {
    await t.step(title, () => assert.deepEqual({ title, ...chapter }, recorded[i]));
  }
  assert.equal(chapters.length, recorded.length);
});
