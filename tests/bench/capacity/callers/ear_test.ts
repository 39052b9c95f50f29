import assert from "node:assert/strict";
import { encodeG711 } from "../../../../media/codec/g711.ts";
import { Ear } from "./ear.ts";

const tone = (amplitude: number) =>
  encodeG711("alaw", Int16Array.from({ length: 160 }, (_, i) => amplitude * Math.sin(i / 3)));
const SOUND = tone(3000);
const SILENCE = tone(0);

/** Hears a packet every 20 ms, from `from` on: "s" is sound, "." silence. */
function hears(ear: Ear, from: number, packets: string): void {
  [...packets].forEach((packet, i) =>
    ear.hear(from + 20 * i, from / 20 + i, 160 * (from / 20 + i), packet === "s" ? SOUND : SILENCE)
  );
}

Deno.test("the time to an answer counts from the end of the question to the first sound", () => {
  const ear = new Ear("alaw");
  hears(ear, 0, "ss..");
  ear.listenFrom(60);
  assert.equal(ear.firstSoundAt, undefined);
  hears(ear, 80, "...ss");
  assert.equal(ear.firstSoundAt, 140);
  assert.equal(ear.quietMs(200), 20);
});

Deno.test("a packet that arrived before the question ended is no answer to it", () => {
  const ear = new Ear("alaw");
  ear.listenFrom(60);
  hears(ear, 40, "s.");
  assert.equal(ear.firstSoundAt, undefined);
});

Deno.test("talking over lasts until silence, and a later answer does not count", () => {
  const ear = new Ear("alaw");
  hears(ear, 0, "sssss");
  ear.talkOver(90);
  hears(ear, 100, "sss" + ".".repeat(20));
  assert.equal(ear.heardOnMs(400), undefined);
  assert.equal(ear.heardOnMs(461), 70);
  hears(ear, 560, "sssss");
  assert.equal(ear.heardOnMs(700), 70);
});

Deno.test("gaps are those within sound, and missing packets are counted", () => {
  const ear = new Ear("alaw");
  ear.hear(0, 0xfffe, 0, SOUND);
  ear.hear(21, 0xffff, 160, SOUND);
  ear.hear(75, 1, 480, SOUND); // One is missing in between.
  ear.hear(95, 2, 640, SILENCE);
  ear.hear(170, 3, 800, SOUND);
  ear.hear(235, 4, 960, SOUND); // Late.
  ear.hear(2000, 5, 15_000, SOUND); // A pause.
  assert.deepEqual(ear.gaps, [21, 54, 65]);
  assert.deepEqual(ear.crackles, { nothingToSend: 1, late: 1 });
  assert.equal(ear.lost, 1);
});

Deno.test("the course of a sound begins with it", () => {
  const ear = new Ear("alaw");
  ear.listenFrom(0);
  hears(ear, 0, "..s.s");
  assert.equal(ear.course.length, 3);
  assert.equal(ear.courseComplete, false);
  assert.ok(ear.course[0]! > -30 && ear.course[1] === -55);
});
