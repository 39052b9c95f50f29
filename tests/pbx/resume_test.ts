// A SIP caller on a real Asterisk stays on the line while the bot dies in mid-sentence, in every way we
// know. The caller's audio must contain the whole interrupted sentence.

import assert from "node:assert/strict";
import { join } from "node:path";
import { Journal } from "../../actors/service/journal/journal.ts";
import type { FaultKind } from "../../actors/otp/control.ts";
import { noMetrics } from "../../actors/service/metrics.ts";
import { startTestbed } from "../asterisk/testbed.ts";
import type { CallDetails } from "../../console/calls.ts";
import {
  eventually,
  firstSoundAfter,
  heardBetween,
  lastSound,
  untilSpokenTo,
} from "../../testing/mod.ts";
import { type Pcm, samplesIn } from "../../media/frame.ts";
import { ServiceProcess } from "../chaos/service_process.ts";
import { realTimeTest } from "../real_time.ts";
import { spoken } from "../../testing/voice.ts";
import { likeness } from "./listening.ts";
import { nothingLeft } from "./leftovers.ts";

const QUESTION = "What is the price of the machine?";
/** The answer is searched for in pieces of this length, and none may be missing. */
const PIECE_MS = 800;
/** Different words score 0.5; the same recording over another call scores above 0.9. */
const SAME = 0.8;
/** Speech starts at the first sample above this. */
const LOUD = 500;

const pbx = await startTestbed();
const folder = await Deno.makeTempDir({ prefix: "voxbot-" });
const service = new ServiceProcess(folder, pbx.env);
await service.start();
await service.ready();
const answer = await undisturbed();
Deno.test.afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await pbx[Symbol.asyncDispose]();
  await Deno.remove(folder, { recursive: true });
});

for (
  const [kind, reason] of [
    ["throw", "crash"],
    ["exit", "exit"],
    ["oom", "out_of_memory"],
    ["hang", "hang"],
  ] as const satisfies readonly (readonly [FaultKind, string])[]
) {
  realTimeTest(`${kind}: the caller hears the cut sentence whole`, async () => {
    const call = await diesInMidSentence(async (id) => {
      assert.ok(await service.breakCall(id, kind));
    });
    assert.deepEqual(call.restarts.map((restart) => restart.reason), [reason]);
  });
}

realTimeTest("kill -9 of the service: the caller hears the cut sentence whole", async () => {
  const call = await diesInMidSentence(async () => {
    await service.kill();
    await service.start();
  });
  assert.deepEqual(call.restarts.map((restart) => restart.reason), ["shutdown"]);
});

realTimeTest(
  "Asterisk killed and started again: its calls are closed as lost, the next is served",
  async () => {
    await using caller = await pbx.call();
    await untilSpokenTo(caller.heard, 0);
    const { id } = await liveCall();
    await pbx.kill();
    const away = await eventually(async () => {
      const ready = await (await fetch(`${service.url}/ready`)).json();
      return !ready.ready && ready.reason;
    }, "the service notices that the PBX is away");
    assert.match(away, /not connected/);
    await pbx.restart();
    await service.ready();
    const { endReason } = await eventually(async () => {
      const call = await service.call(id);
      return call.endedAt !== undefined && call;
    }, "the call of before is closed");
    assert.equal(endReason, "lost");
    using journal = Journal.open(join(folder, "journal.sqlite"), noMetrics);
    await eventually(
      () => journal.endedCalls(1000).find((call) => call.id === id)?.endReason === "lost",
      "the journal knows it, too",
    );

    await using next = await pbx.call();
    await untilSpokenTo(next.heard, 0);
    const { endedAt } = await next.say(await spoken(QUESTION));
    await untilSpokenTo(next.heard, endedAt, { quietMs: 1500 });
    assert.match((await liveCall()).turns[1]!.bot, /price depends/);
    await next.hangUp();
    await nothingLeft(pbx);
  },
);

/** Makes a call whose answer `kill` interrupts; returns what the service reports of it afterwards. */
async function diesInMidSentence(kill: (callId: string) => Promise<void>): Promise<CallDetails> {
  await using caller = await pbx.call();
  await untilSpokenTo(caller.heard, 0);
  const { endedAt } = await caller.say(await spoken(QUESTION));
  const began = await eventually(() => firstSoundAfter(caller.heard, endedAt), "it answers");
  await eventually(() => performance.now() > began + 800, "some of it was heard");
  const { id, turns } = await liveCall();
  assert.equal(turns[1]!.phrases[0]!.heard, false, "the first sentence is being said");
  await kill(id);
  const { restarts } = await eventually(async () => {
    const call = await service.call(id).catch(() => undefined);
    return call && call.restarts.length > 0 && call;
  }, "the call continues");
  const resumedAt = Date.parse(restarts[0]!.at) - performance.timeOrigin;
  await untilSpokenTo(caller.heard, resumedAt, { quietMs: 1500 });
  await caller.hangUp();
  const call = await eventually(async () => {
    const details = await service.call(id);
    return details.endedAt !== undefined && details;
  }, "the call has ended");
  assert.deepEqual(call.turns.map(({ turn }) => turn), [0, 1], "no second greeting, no other turn");
  assert.ok(call.turns[1]!.phrases.every(({ heard }) => heard));
  assert.equal(call.endReason, "hangup");
  await nothingLeft(pbx);
  heardWhole(heardBetween(caller.heard, resumedAt, Infinity), answer);
  return call;
}

/** What an undisturbed caller hears of the answer, from its first sound to its last. */
async function undisturbed(): Promise<Pcm> {
  await using caller = await pbx.call();
  await untilSpokenTo(caller.heard, 0);
  const { endedAt } = await caller.say(await spoken(QUESTION));
  const from = await untilSpokenTo(caller.heard, endedAt, { quietMs: 1500 });
  const to = lastSound(caller.heard)!;
  await caller.hangUp();
  return heardBetween(caller.heard, from, to);
}

/** Checks that every piece of the answer was heard, in its place. */
function heardWhole(heard: Pcm, answer: Pcm): void {
  const piece = samplesIn(PIECE_MS);
  const slack = samplesIn(1000);
  const from = heard.findIndex((sample) => Math.abs(sample) > LOUD);
  for (let at = 0; at + piece <= answer.length; at += piece) {
    const there = heard.subarray(Math.max(0, from + at - slack), from + at + piece + slack);
    const alike = likeness(answer.subarray(at, at + piece), there);
    const place = `${at / samplesIn(1000)} s of ${answer.length / samplesIn(1000)} s`;
    assert.ok(alike > SAME, `the answer was not heard at ${place} (${alike.toFixed(2)})`);
  }
}

async function liveCall(): Promise<CallDetails> {
  const { id } = await eventually(
    async () => (await service.calls()).find(({ endedAt }) => endedAt === undefined),
    "the service knows the call",
  );
  return await service.call(id);
}
