// Every transport on a real Asterisk with a real SIP caller: the same promises, whoever owns the playout
// clock.

import assert from "node:assert/strict";
import { startTestbed } from "../asterisk/testbed.ts";
import type { HeardFrame } from "../../testing/mod.ts";
import { concatPcm, levelDbfs, type Pcm, SAMPLE_RATE_HZ, samplesIn } from "../../media/frame.ts";
import type { MediaPlan } from "../../media/transport.ts";
import { REAL_TIME_LIMIT_MS } from "../real_time.ts";
import { audioOf, hears, likeness, load } from "./listening.ts";
import { TransportCall } from "./transport_call.ts";
import { nothingLeft } from "./leftovers.ts";

const pbx = await startTestbed();
Deno.test.afterAll(async () => await pbx[Symbol.asyncDispose]());

const HOST = "127.0.0.1";
const PLANS: Readonly<Record<string, MediaPlan>> = {
  "websocket": { kind: "websocket" },
  "audiosocket at 16 kHz": { kind: "audiosocket", host: HOST, format: "slin16" },
  "audiosocket at 8 kHz": { kind: "audiosocket", host: HOST, format: "slin" },
  "rtp, ulaw": { kind: "rtp", host: HOST, ports: [30_000, 30_999], format: "ulaw" },
  "rtp, alaw": { kind: "rtp", host: HOST, ports: [30_000, 30_999], format: "alaw" },
  "files": {
    kind: "files",
    soundsDir: pbx.soundsDir,
    language: "voxbot-test",
    recordingDir: pbx.recordingDir,
    retries: 0,
  },
};
/** Transports with a connection: over them we see the end of the media channel. */
const CONNECTED = ["websocket", "audiosocket at 16 kHz", "audiosocket at 8 kHz"];
function onEach(
  names: readonly string[],
  promise: string,
  test: (call: TransportCall) => Promise<void>,
) {
  for (const name of names) {
    const fn = async () => {
      await using call = await TransportCall.open(pbx, PLANS[name]!);
      await test(call);
    };
    Deno.test({ name: `${name}: ${promise}`, fn, timeout: REAL_TIME_LIMIT_MS });
  }
}

const ALL = Object.keys(PLANS);

function tone(ms: number): Pcm {
  return Int16Array.from(
    { length: samplesIn(ms) },
    (_, i) => 8000 * Math.sin(2 * Math.PI * 440 * i / SAMPLE_RATE_HZ),
  );
}

/** Resolves once everything in flight has arrived: the caller has heard silence for a moment. */
async function settled({ caller }: TransportCall): Promise<void> {
  await caller.say(new Int16Array(samplesIn(300)));
}

/** Milliseconds of sound that the caller heard. */
function loudMs(heard: readonly HeardFrame[]): number {
  return heard.filter(({ pcm }) => levelDbfs(pcm) > -40).length * 20;
}

onEach(
  ALL,
  "a phrase sent in one piece is heard whole, and its mark arrives once it has been heard",
  async (call) => {
    const prompt = await load(pbx.promptPath("en", "vm-goodbye"));
    call.transport.out.send(prompt);
    call.transport.out.endOfPhrase(
      "a phrase with a long name, as a caller of the transport may choose it",
    );
    await call.ear.hears(
      "mark a phrase with a long name, as a caller of the transport may choose it",
    );
    await settled(call);
    assert.ok(likeness(prompt, audioOf(call.caller.heard)) > 0.9);
    assert.equal(call.transport.out.bufferedMs, 0);
  },
);

onEach(ALL, "what the caller says arrives in frames of 20 ms", async (call) => {
  const prompt = await load(pbx.promptPath("en", "vm-goodbye"));
  await call.caller.say(prompt);
  await settled(call);
  assert.ok(call.ear.frames.every(({ length }) => length === 320));
  assert.ok(likeness(prompt, concatPcm(call.ear.frames)) > 0.9);
});

onEach(ALL, "a pause silences the bot, and resuming loses nothing of the phrase", async (call) => {
  call.transport.out.send(tone(2000));
  call.transport.out.endOfPhrase("tone");
  await hears(call.caller, 600);
  call.transport.out.pause();
  await settled(call);
  const before = call.caller.heard.length;
  await call.caller.say(new Int16Array(samplesIn(600)));
  assert.equal(loudMs(call.caller.heard.slice(before)), 0);
  assert.ok(!call.ear.told.includes("mark tone"));
  call.transport.out.resume();
  await call.ear.hears("mark tone");
  await settled(call);
  const heard = loudMs(call.caller.heard);
  assert.ok(Math.abs(heard - 2000) <= 60, `${heard} ms of 2000 heard`);
});

onEach(
  ALL,
  "a flush, even of a paused phrase, silences it for good, and the next phrase is heard",
  async (call) => {
    call.transport.out.send(tone(10_000));
    call.transport.out.endOfPhrase("flushed");
    await hears(call.caller, 600);
    call.transport.out.pause();
    await call.transport.out.flush();
    // An idle line carries one silent frame a second. The first one pushes the tail of the last sound out
    // of the ear's resampler and says nothing about the flush.
    await call.caller.say(new Int16Array(samplesIn(1200)));
    const before = call.caller.heard.length;
    await call.caller.say(new Int16Array(samplesIn(1200)));
    assert.equal(loudMs(call.caller.heard.slice(before)), 0);
    call.transport.out.send(tone(500));
    call.transport.out.endOfPhrase("next");
    await call.ear.hears("mark next");
    await settled(call);
    const heard = loudMs(call.caller.heard.slice(before));
    assert.ok(Math.abs(heard - 500) <= 60, `${heard} ms of 500 heard`);
    assert.deepEqual(call.ear.told, ["mark next"]);
  },
);

onEach(["websocket"], "more audio than Asterisk can queue is heard whole", async (call) => {
  call.transport.out.send(tone(21_000));
  call.transport.out.endOfPhrase("long");
  await call.ear.hears("mark long");
  await settled(call);
  const heard = loudMs(call.caller.heard);
  assert.ok(Math.abs(heard - 21_000) <= 100, `${heard} ms of 21000 heard`);
});

onEach(CONNECTED, "keys on the line are left to ARI, and the audio continues", async (call) => {
  for (const digit of "15#") await call.caller.press(digit);
  call.transport.out.send(tone(500));
  call.transport.out.endOfPhrase("next");
  await call.ear.hears("mark next");
  assert.deepEqual(call.ear.told, ["mark next"]);
});

onEach(CONNECTED, "the PBX hanging up the media is reported once, as a hang-up", async (call) => {
  call.transport.out.send(tone(1000));
  await call.hangUpMedia();
  await call.ear.hears("close hangup");
  call.transport.out.send(tone(1000));
  await call.transport.out.flush();
  assert.deepEqual(call.ear.told, ["close hangup"]);
});

onEach(ALL, "while the bot thinks the caller's leg is not without RTP for long", async (call) => {
  await settled(call);
  const before = call.caller.heard.length;
  await call.caller.say(new Int16Array(samplesIn(3000)));
  const frames = call.caller.heard.slice(before);
  assert.ok(frames.length >= 2, `${frames.length} frames in three seconds`);
  assert.equal(loudMs(frames), 0);
});

Deno.test("files: a full sounds folder ends the line with an error that names the folder", async () => {
  const soundsDir = await Deno.makeTempDir();
  await run("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", soundsDir);
  try {
    const plan = { ...PLANS["files"]!, soundsDir } as MediaPlan;
    await using call = await TransportCall.open(pbx, plan);
    call.transport.out.send(tone(5000));
    call.transport.out.endOfPhrase("too long for the disk");
    await call.ear.hears("close lost");
    assert.match(
      call.ear.lastWords,
      new RegExp(`cannot write phrases to ${soundsDir}.*space`, "i"),
    );
  } finally {
    await run("umount", soundsDir);
    await Deno.remove(soundsDir);
  }
});

Deno.test("files: phrases in a folder where the PBX does not look for sounds are reported as not heard", async () => {
  const soundsDir = await Deno.makeTempDir();
  const plan = { ...PLANS["files"]!, soundsDir } as MediaPlan;
  {
    await using call = await TransportCall.open(pbx, plan);
    call.transport.out.send(tone(2000));
    call.transport.out.endOfPhrase("nobody hears this");
    await call.ear.hears("close lost");
    assert.match(call.ear.lastWords, /2000 ms ended at once.*ASTERISK_SOUNDS_DIR, ASTERISK_LANG/);
    assert.equal(call.transport.stats.phrasesInaudible, 1);
    assert.deepEqual(call.ear.told, ["close lost"], "no mark");
  }
  await Deno.remove(soundsDir, { recursive: true });
});

Deno.test("files: a recording that is missing from its folder is an error that names the setting", async () => {
  const recordingDir = await Deno.makeTempDir();
  const plan = { ...PLANS["files"]!, recordingDir } as MediaPlan;
  await assert.rejects(TransportCall.open(pbx, plan), /ASTERISK_RECORDING_DIR/);
  await nothingLeft(pbx);
  await Deno.remove(recordingDir);
});

onEach(["files"], "a caller who hangs up first leaves no recording on the PBX", async (call) => {
  await settled(call);
  assert.equal((await pbx.leftovers()).recordings.length, 1);
  await call.caller.hangUp();
  await call.ear.hears("close lost");
  await call.transport[Symbol.asyncDispose]();
  await nothingLeft(pbx);
  const files = (await Array.fromAsync(Deno.readDir(pbx.recordingDir))).map(({ name }) => name);
  assert.deepEqual(files, []);
});

async function run(command: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}
