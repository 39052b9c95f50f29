// Checks on a real Asterisk the recorded story that the simulated PBX is held to.

import assert from "node:assert/strict";
import recorded from "../../testing/simulator/story/story_22.10.1.json" with { type: "json" };
import { tellStory } from "../../testing/simulator/story/story.ts";
import { startTestbed } from "../asterisk/testbed.ts";

Deno.test("the real PBX still behaves as the simulated one was taught", async (t) => {
  await using pbx = await startTestbed();
  for (const [i, chapter] of (await tellStory(pbx)).entries()) {
    await t.step(chapter.title, () => assert.deepEqual(chapter, recorded[i]));
  }
});
