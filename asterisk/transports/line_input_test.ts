import assert from "node:assert/strict";
import type { Pcm } from "../../media/frame.ts";
import { LineInput } from "./line_input.ts";

Deno.test("each packet of a telephone line yields a frame without waiting for the next one", async () => {
  for (const lineHz of [8000, 16_000, 48_000]) {
    const frames: Pcm[] = [];
    using input = await LineInput.open(lineHz, (frame) => frames.push(frame));
    for (let packet = 1; packet <= 100; packet++) {
      input.push(new Int16Array(lineHz / 50).fill(1000));
      assert.equal(frames.length, packet, `${lineHz} Hz`);
    }
    assert.ok(frames.every((frame) => frame.length === 320));
    assert.ok(Math.abs(frames[50]![100]! - 1000) < 20, "the level is kept");
  }
});
