import assert from "node:assert/strict";
import fc from "fast-check";
import { concatPcm, FRAME_SAMPLES } from "../../media/frame.ts";
import { FrameCutter } from "./frame_cutter.ts";

const audio = fc.array(
  fc.int16Array({ maxLength: 3 * FRAME_SAMPLES }).map((pcm) => Int16Array.from(pcm)),
  { maxLength: 8 },
);

Deno.test("audio cut into frames is the same audio, in whatever pieces it came", () => {
  fc.assert(fc.property(audio, (pieces) => {
    const cutter = new FrameCutter();
    const whole = concatPcm(pieces);
    const frames = pieces.flatMap((piece) => cutter.push(piece));
    assert.equal(cutter.pendingSamples, whole.length % FRAME_SAMPLES);
    const tail = cutter.pad();
    const cut = concatPcm(tail ? [...frames, tail] : frames);
    assert(cut.length % FRAME_SAMPLES === 0 && frames.every((f) => f.length === FRAME_SAMPLES));
    assert.deepEqual(cut.subarray(0, whole.length), whole);
    assert(cut.subarray(whole.length).every((sample) => sample === 0));
  }));
});

Deno.test("a whole frame passes through without copying; a part of one is copied", () => {
  const cutter = new FrameCutter();
  const whole = new Int16Array(FRAME_SAMPLES).fill(7);
  assert.equal(cutter.push(whole)[0], whole);
  const half = new Int16Array(FRAME_SAMPLES / 2).fill(1);
  cutter.push(half);
  half.fill(2);
  const [frame] = cutter.push(whole);
  assert.deepEqual([frame![0], frame![FRAME_SAMPLES - 1]], [1, 7]);
});

Deno.test("a remainder once padded or cleared is not heard again", () => {
  const cutter = new FrameCutter();
  cutter.push(new Int16Array(10).fill(7));
  cutter.pad();
  assert.equal(cutter.pad(), undefined);
  cutter.push(new Int16Array(10).fill(7));
  cutter.clear();
  assert.deepEqual(cutter.push(new Int16Array(FRAME_SAMPLES)), [new Int16Array(FRAME_SAMPLES)]);
});
