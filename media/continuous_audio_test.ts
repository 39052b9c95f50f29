import assert from "node:assert/strict";
import { ContinuousAudio } from "./continuous_audio.ts";
import { FRAME_SAMPLES, type Pcm } from "./frame.ts";

/** The frames that come out while `script` runs: the number of each that was put in, or 0 for silence. */
function continuous(script: (audio: ContinuousAudio, at: (ms: number) => void) => void): number[] {
  const out: number[] = [];
  let now = 0;
  using audio = new ContinuousAudio((frame) => out.push(frame[0]!), () => now);
  audio.start();
  script(audio, (ms) => now = ms);
  return out;
}

function frame(value: number): Pcm {
  return new Int16Array(FRAME_SAMPLES).fill(value);
}

Deno.test("a phone that sends nothing is heard as silence, at the pace of the clock", () => {
  const heard = continuous((audio, at) => {
    for (let ms = 0; ms <= 1000; ms += 20) {
      at(ms);
      audio.fill();
    }
  });
  assert.equal(heard.length, (1000 - 100) / 20);
  assert.ok(heard.every((value) => value === 0));
});

Deno.test("frames that come in time pass unchanged, jitter included", () => {
  const heard = continuous((audio, at) => {
    [0, 25, 39, 95, 96, 97, 121].forEach((ms, i) => {
      at(ms);
      audio.fill();
      audio.push(frame(i + 1));
    });
  });
  assert.deepEqual(heard, [1, 2, 3, 4, 5, 6, 7]);
});

Deno.test("a gap is filled before the frame that follows it", () => {
  const heard = continuous((audio, at) => {
    at(0);
    audio.push(frame(1));
    at(220);
    audio.push(frame(2));
  });
  assert.deepEqual(heard, [1, 0, 0, 0, 0, 0, 2]);
});
