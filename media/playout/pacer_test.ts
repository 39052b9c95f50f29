import assert from "node:assert/strict";
import fc from "fast-check";
import type { Pcm } from "../frame.ts";
import { ManualTime } from "../../testing/manual_time.ts";
import { Pacer } from "./pacer.ts";
import { Resampler } from "../codec/resample.ts";

/** What left, beat by beat: the first sample of each frame, or undefined for silence. */
class Line implements Disposable {
  readonly time = new ManualTime();
  readonly sent: (number | undefined)[] = [];
  readonly samples: number[] = [];
  readonly marks: { id: string; at: number }[] = [];
  takes = true;
  readonly pacer: Pacer;

  constructor(resampler?: Resampler) {
    this.pacer = new Pacer({
      onFrame: (frame) => {
        this.sent.push(frame?.[0]);
        if (frame) this.samples.push(...frame);
      },
      onMark: (id) => this.marks.push({ id, at: this.time.now() }),
      ready: () => this.takes,
    }, { time: this.time, resampler });
    this.pacer.start();
  }

  [Symbol.dispose](): void {
    this.pacer[Symbol.dispose]();
  }
}

function speech(ms: number, value = 1): Pcm {
  return new Int16Array(ms * 16).fill(value);
}

Deno.test("a phrase leaves in real time, with silence before and after it", () => {
  using line = new Line();
  line.time.advance(40);
  line.pacer.send(speech(60));
  line.time.advance(100);
  assert.deepEqual(line.sent, [undefined, undefined, 1, 1, 1, undefined, undefined]);
});

Deno.test("a mark is reported when the last frame of its phrase has been heard, not when it was queued", () => {
  using line = new Line();
  line.pacer.send(speech(50));
  line.pacer.endOfPhrase("a");
  line.pacer.send(speech(20, 2));
  line.pacer.endOfPhrase("b");
  line.time.advance(200);
  assert.deepEqual(line.marks, [{ id: "a", at: 80 }, { id: "b", at: 100 }]);
  assert.deepEqual(line.sent.slice(0, 5), [1, 1, 1, 2, undefined]);
  assert.deepEqual(line.samples.slice(800, 960), Array(160).fill(0), "the tail is padded");
});

Deno.test("a caller who talks over the bot hears it stop within one frame, and later continue where it stopped", () => {
  using line = new Line();
  line.pacer.send(speech(40, 1));
  line.pacer.send(speech(40, 2));
  line.time.advance(20);
  line.pacer.pause();
  line.time.advance(60);
  assert.equal(line.pacer.bufferedMs, 60);
  line.pacer.resume();
  line.time.advance(60);
  assert.deepEqual(line.sent, [1, undefined, undefined, undefined, 1, 2, 2]);
});

Deno.test("a phrase heard to its end is reported even when the caller speaks during its last frame", () => {
  using line = new Line();
  line.pacer.send(speech(20));
  line.pacer.endOfPhrase("a");
  line.time.advance(20);
  line.pacer.pause();
  line.time.advance(20);
  assert.deepEqual(line.marks, [{ id: "a", at: 40 }]);
});

Deno.test("after a flush no queued audio is heard and no queued mark reported, but the next phrase is", async () => {
  using line = new Line();
  line.pacer.send(speech(100));
  line.pacer.endOfPhrase("dropped");
  line.time.advance(40);
  line.pacer.pause();
  const flushed = line.pacer.flush();
  assert.equal(line.pacer.bufferedMs, 0);
  line.time.advance(20);
  await flushed;
  line.pacer.send(speech(20, 7));
  line.pacer.endOfPhrase("next");
  line.time.advance(60);
  assert.deepEqual(line.sent.slice(2), [undefined, 7, undefined, undefined]);
  assert.deepEqual(line.marks.map((mark) => mark.id), ["next"]);
});

Deno.test("a flush ends when its line is closed, or was never opened", async () => {
  const line = new Line();
  const flushed = line.pacer.flush();
  line[Symbol.dispose]();
  await flushed;
  await line.pacer.flush();
  assert.equal(line.time.pending, 0);
});

Deno.test("frames that the far end does not take wait, and do not leave in a burst", () => {
  using line = new Line();
  line.pacer.send(speech(60));
  line.takes = false;
  line.time.advance(100);
  assert.deepEqual(line.sent, []);
  line.takes = true;
  line.time.advance(40);
  assert.deepEqual(line.sent, [1, 1]);
  assert.equal(line.pacer.stats.framesHeld, 5);
});

Deno.test("a telephone-rate line gets the whole phrase, in frames of 160 samples", async () => {
  using line = new Line(await Resampler.create(16_000, 8000));
  line.pacer.send(speech(50, 1000));
  line.pacer.endOfPhrase("a");
  assert.equal(line.pacer.bufferedMs, 60);
  line.time.advance(20);
  assert.equal(line.samples.length, 160);
  line.time.advance(80);
  assert.deepEqual(line.marks, [{ id: "a", at: 80 }]);
  assert.ok(Math.abs(line.samples[200]! - 1000) < 20, "the level is kept");
  assert.ok(line.samples[390]! > 800, "the end is not cut off");
});

Deno.test("however audio is split on its way in, the same samples leave in order, with marks in their places", () => {
  fc.assert(fc.property(
    fc.array(fc.array(fc.integer({ min: 0, max: 1500 }), { maxLength: 5 }), { maxLength: 5 }),
    (phrases) => {
      using line = new Line();
      let next = 1;
      const expected: number[] = [];
      phrases.forEach((parts, phrase) => {
        for (const length of parts) {
          const pcm = new Int16Array(length).map(() => next++ % 30_000);
          expected.push(...pcm);
          line.pacer.send(pcm);
        }
        while (expected.length % 320) expected.push(0);
        line.pacer.endOfPhrase(String(phrase));
      });
      line.time.advance(expected.length / 16 + 40);
      assert.deepEqual(line.samples, expected);
      assert.deepEqual(line.marks.map((mark) => mark.id), phrases.map((_, i) => String(i)));
    },
  ));
});
