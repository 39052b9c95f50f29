import assert from "node:assert/strict";
import { FRAME_MS, FRAME_SAMPLES, levelDbfs, SAMPLE_RATE_HZ } from "../../../media/frame.ts";
import { pause } from "../../../runtime/waiting.ts";
import { type Phone, Phones } from "./phones.ts";

Deno.test("one phone hears every frame that the other one says, in order, in 16 kHz", async () => {
  await using phones = await Phones.start();
  const [speaker, listener] = await connected(phones);
  const frames = 25;
  const said = await speaker.say(tone(frames * FRAME_SAMPLES));
  await untilHeard(listener, (level) => level < -60);
  const loud = listener.heard.filter(({ pcm }) => levelDbfs(pcm) > -30);
  assert.equal(loud.length, frames);
  assert.ok(loud.every(({ pcm }) => pcm.length === FRAME_SAMPLES));
  assert.ok(said.startedAt <= loud[0]!.at && loud[0]!.at <= said.endedAt);
  assert.ok(said.endedAt - said.startedAt >= (frames - 2) * FRAME_MS);
});

Deno.test("a muted phone sends nothing, but what it says takes its time", async () => {
  await using phones = await Phones.start();
  const [speaker, listener] = await connected(phones);
  await untilHeard(listener, (level) => level < -60);
  speaker.mute(true);
  await speaker.say(tone(10 * FRAME_SAMPLES));
  const before = listener.heard.length;
  await speaker.say(tone(10 * FRAME_SAMPLES));
  assert.equal(listener.heard.length, before);
});

Deno.test("a sentence cut off by the end of the call rejects", async () => {
  await using phones = await Phones.start();
  const [speaker, listener] = await connected(phones);
  const saying = assert.rejects(speaker.say(tone(60 * SAMPLE_RATE_HZ)), /call is over/);
  await untilHeard(listener, (level) => level > -30);
  await speaker.close();
  await saying;
  await assert.rejects(speaker.press("1"), /call is over/);
});

async function connected(phones: Phones): Promise<[Phone, Phone]> {
  const [one, other] = [await phones.open("alaw"), await phones.open("alaw")];
  one.connect(other.port);
  other.connect(one.port);
  return [one, other];
}

/** Resolves when a frame of the wanted level arrives. */
async function untilHeard(phone: Phone, wanted: (levelDbfs: number) => boolean): Promise<void> {
  let seen = phone.heard.length;
  for (;;) {
    for (; seen < phone.heard.length; seen++) {
      if (wanted(levelDbfs(phone.heard[seen]!.pcm))) return;
    }
    await pause(FRAME_MS);
  }
}

function tone(samples: number): Int16Array<ArrayBuffer> {
  return Int16Array.from({ length: samples }, (_, i) => 12_000 * Math.sin(i * 0.4));
}
