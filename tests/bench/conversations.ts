// Times conversations on one PBX, at the service and at the caller's ear.

import { heardText, type Stage } from "../../actors/call_record.ts";
import {
  eventually,
  firstSoundAfter,
  frameGaps,
  isAudible,
  percentile,
  type TestCaller,
  type TestPbx,
  untilSpokenTo,
} from "../../testing/mod.ts";
import { durationMs, FRAME_MS, type Pcm } from "../../media/frame.ts";
import { spoken } from "../../testing/voice.ts";
import { ask, asked, World } from "../scenarios/world.ts";
import { line, row } from "./print.ts";

export const QUESTIONS = [
  "What is the price of the machine?",
  "Tell me about the installation.",
  "Tell me about the calibration.",
];
const CALLS = 6;
const AT_ONCE = 10;
const STAGES: readonly Stage[] = [
  "endpoint",
  "asr_final",
  "retrieval",
  "first_phrase",
  "tts_first_byte",
  "audio_queued",
  "audio_heard",
];

/** Talks to the bot, call after call and then in many calls in parallel, and prints the timings. */
export async function benchConversations(pbx: TestPbx): Promise<void> {
  await line(
    `\n== conversations on ${
      pbx.kind === "asterisk" ? "a real Asterisk, with a SIP caller" : "the simulator"
    }`,
  );
  await using world = await World.start(pbx);
  await oneAfterAnother(world);
  const handover = await handoverMs(world.service.consoleUrl);
  await line(`warm isolate hand-over, mean                 ${handover.toFixed(2)} ms   aim: 5`);
  await manyAtOnce(world);
}

/** Prints how many of `count` consecutive calls went right from ring to hang-up. */
export async function benchReliability(pbx: TestPbx, count: number): Promise<void> {
  await using world = await World.start(pbx);
  let good = 0;
  for (let call = 0; call < count; call++) {
    const { caller, record } = await world.greeted();
    await ask(caller, QUESTIONS[0]!);
    await caller.hangUp();
    await world.nothingLeft();
    const greeted = record.turns[0]?.phrases.every(({ heard }) => heard);
    const answered = asked(record).length === 1 &&
      /price depends/.test(heardText(asked(record)[0]!));
    if (greeted && answered && record.endReason === "hangup" && record.restarts.length === 0) {
      good++;
    } else {await line(
        `  call ${call + 1}: ${
          JSON.stringify(record.turns.map((turn) => [turn.caller, heardText(turn)]))
        }`,
      );}
  }
  const { channels, bridges } = await pbx.leftovers();
  await line(
    `${good} of ${count} calls: greeting, right answer, clean hang-up; left on the PBX: ${channels.length} channels, ${bridges.length} bridges`,
  );
}

async function oneAfterAnother(world: World): Promise<void> {
  const stages = new Map<Stage, number[]>(STAGES.map((stage) => [stage, []]));
  const atTheEar: number[] = [];
  const bargeIns: number[] = [];
  for (let call = 0; call < CALLS; call++) {
    const { caller, record } = await world.greeted();
    for (const question of QUESTIONS.slice(0, 2)) {
      const { endedAt } = await caller.say(withoutTail(await spoken(question)));
      atTheEar.push(await untilSpokenTo(caller.heard, endedAt) - endedAt);
    }
    bargeIns.push(await talkOver(caller));
    await caller.hangUp();
    for (const turn of asked(record)) {
      for (const stage of STAGES) {
        const ms = turn.stages[stage];
        if (ms !== undefined) stages.get(stage)!.push(ms);
      }
    }
    await world.nothingLeft();
  }
  await row("voice_to_voice (service)", stages.get("audio_queued")!, "p50 600, p95 900");
  await row("voice to voice at the caller's ear", atTheEar);
  await row("barge-in onset to silence at the caller's ear", bargeIns, "p95 250");
  for (const stage of STAGES) await row(`  stage ${stage}`, stages.get(stage)!);
}

/** Asks, talks over the answer, and returns how long the bot was still heard. */
export async function talkOver(caller: TestCaller): Promise<number> {
  const { endedAt } = await caller.say(await spoken(QUESTIONS[1]!));
  const answer = await eventually(() => firstSoundAfter(caller.heard, endedAt), "the bot answers");
  await eventually(() => performance.now() > answer + 1000, "it speaks for a second");
  const speech = await spoken(QUESTIONS[2]!);
  const { startedAt } = await caller.say(speech);
  const onset = startedAt + durationMs(speech.findIndex((sample) => Math.abs(sample) > 1000));
  await untilSpokenTo(caller.heard, startedAt + durationMs(speech.length) + 200);
  return silentFrom(caller, onset) - onset;
}

/** When the sound that was heard at `since` ended: at least 300 ms of silence follow. */
function silentFrom(caller: TestCaller, since: number): number {
  let last = since;
  for (const frame of caller.heard) {
    if (frame.at < since || !isAudible(frame)) continue;
    if (frame.at - last > 300) break;
    last = frame.at + FRAME_MS;
  }
  return last;
}

async function manyAtOnce(world: World): Promise<void> {
  const calls = await Promise.all(Array.from({ length: AT_ONCE }, () => world.pbx.call()));
  await Promise.all(calls.map(async (caller, i) => {
    await caller.answered;
    await untilSpokenTo(caller.heard, 0, { timeoutMs: 60_000 });
    for (let turn = 0; turn < 2; turn++) {
      const { endedAt } = await caller.say(await spoken(QUESTIONS[(i + turn) % QUESTIONS.length]!));
      await untilSpokenTo(caller.heard, endedAt, { timeoutMs: 60_000 });
    }
  }));
  const gaps = calls.flatMap(({ heard }) => frameGaps(heard));
  const waits = world.service.switchboard.list().slice(0, AT_ONCE)
    .flatMap((record) => asked(record).map(({ stages }) => stages.audio_queued ?? NaN)).filter(
      Number.isFinite,
    );
  await Promise.all(calls.map((caller) => caller.hangUp()));
  await world.nothingLeft();
  await row(`${AT_ONCE} calls at once: frame gap at the callers`, gaps, "p99 40");
  await line(`    largest gap ${percentile(gaps, 1).toFixed(1)} ms`);
  await row(`${AT_ONCE} calls at once: voice_to_voice`, waits);
}

/** The clip up to its last sound: trailing silence would count as the bot's delay. */
export function withoutTail(pcm: Pcm): Pcm {
  const last = pcm.findLastIndex((sample) => Math.abs(sample) > 300);
  return pcm.slice(0, last + 1);
}

async function handoverMs(consoleUrl: string): Promise<number> {
  const text = await (await fetch(`${consoleUrl}/metrics`)).text();
  const value = (name: string) =>
    Number(new RegExp(`^voxbot_isolate_handover_seconds_${name} (.*)$`, "m").exec(text)?.[1]);
  return value("sum") / value("count") * 1000;
}
