// Compares the transports on one real Asterisk, each carrying whole calls of the service: how soon a caller
// is answered and the bot silenced, what a call costs, how evenly its frames arrive.

import type { Testbed } from "../asterisk/testbed.ts";
import type { CallDetails } from "../../console/calls.ts";
import {
  eventually,
  frameGaps,
  percentile,
  type TestCaller,
  untilSpokenTo,
  wordErrors,
} from "../../testing/mod.ts";
import { concatPcm, FRAME_MS, type Pcm } from "../../media/frame.ts";
import { findModels } from "../../speech/engine/models.ts";
import { RecognizerThread } from "../../speech/engine/recognition/recognizer_thread.ts";
import { cpuSeconds, ServiceProcess } from "../chaos/service_process.ts";
import { pacingBench } from "./pacing.ts";
import { TransportCall } from "../pbx/transport_call.ts";
import { spoken } from "../../testing/voice.ts";
import { QUESTIONS, talkOver, withoutTail } from "./conversations.ts";
import { type LineFaults, LossyLine } from "./lossy_line.ts";
import { line } from "./print.ts";
import { type Clip, sentences } from "./prompts.ts";

const TRANSPORTS = ["websocket", "audiosocket", "rtp", "files"] as const;
const CALLS = 4;
const AT_ONCE = 20;
const PACED_SECONDS = 15;
const PATIENT = { timeoutMs: 60_000 };
/** Longer than the pause between two phrases, even on a busy machine. */
const UNHURRIED = { quietMs: 1200 };

/** The lines of the RTP loss test: a good one, and bad ones. */
const LINES: Readonly<Record<string, LineFaults>> = {
  "no loss": { loss: 0, jitterMs: 0, seed: 1 },
  "5 % loss": { loss: 0.05, jitterMs: 0, seed: 1 },
  "5 % loss, 50 ms jitter": { loss: 0.05, jitterMs: 50, seed: 1 },
};
const PROMPTS = 16;

interface Figures {
  /** From the end of the caller's speech to the first audio sent to the PBX, by the service's clock. */
  readonly voiceToVoice: number[];
  /** From the end of the caller's speech to the first sound at their ear. */
  readonly atTheEar: number[];
  /** From the onset of the caller's speech to the bot's last sound, at the caller's ear. */
  readonly bargeIn: number[];
  /** Each frame's deviation from 20 ms after the previous one, with `AT_ONCE` calls. */
  readonly jitter: number[];
  /** Percent of a core per call with `AT_ONCE` calls: the service and Asterisk. */
  readonly servicePercent: number;
  readonly asteriskPercent: number;
}

/** Measures each transport in turn and prints a comparison. */
export async function benchTransports(pbx: Testbed): Promise<void> {
  await line("\n== transports on a real Asterisk, with SIP callers");
  const figures: Figures[] = [];
  for (const transport of TRANSPORTS) {
    figures.push(await measure(pbx, transport));
    await line(`  ${transport} measured`);
  }
  for (const text of table(figures)) await line(text);
  const { lateP99, lateMax, framesLate, frames } = await pacingBench(AT_ONCE, PACED_SECONDS);
  await line(
    `pacer alone, ${AT_ONCE} calls (rtp, audiosocket): beats late by p99 ${
      lateP99.toFixed(1)
    } ms, ` +
      `at most ${lateMax.toFixed(1)} ms, a frame or more ${framesLate} of ${frames}   aim: p99 5`,
  );
  await benchLoss(pbx);
}

async function measure(pbx: Testbed, transport: string): Promise<Figures> {
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "voxbot-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const service = stack.use(
    new ServiceProcess(folder, {
      ...pbx.env,
      MEDIA_TRANSPORT: transport,
      ASTERISK_SOUNDS_DIR: pbx.soundsDir,
      ASTERISK_RECORDING_DIR: pbx.recordingDir,
    }),
  );
  await service.start();
  await service.ready();
  const alone = { voiceToVoice: [], atTheEar: [], bargeIn: [] };
  for (let call = 0; call < CALLS; call++) await converse(pbx, service, alone);
  return { ...alone, ...await manyAtOnce(pbx, service) };
}

/** A call with two questions and an interruption. */
async function converse(
  pbx: Testbed,
  service: ServiceProcess,
  into: Pick<Figures, "voiceToVoice" | "atTheEar" | "bargeIn">,
): Promise<void> {
  await using caller = await pbx.call();
  await untilSpokenTo(caller.heard, 0);
  for (const question of QUESTIONS.slice(0, 2)) {
    const { endedAt } = await caller.say(withoutTail(await spoken(question)));
    into.atTheEar.push(await untilSpokenTo(caller.heard, endedAt, UNHURRIED) - endedAt);
  }
  into.bargeIn.push(await talkOver(caller));
  await caller.hangUp();
  const { turns } = await ended(service);
  into.voiceToVoice.push(...turns.flatMap(({ voiceToVoiceMs }) => voiceToVoiceMs ?? []));
}

/** The newest call, once it is over. */
async function ended(service: ServiceProcess): Promise<CallDetails> {
  const { id } = (await service.calls())[0]!;
  return await eventually(async () => {
    const call = await service.call(id);
    return call.endedAt !== undefined && call;
  }, "the call has ended");
}

/** All callers ask and are answered at the same time. */
async function manyAtOnce(
  pbx: Testbed,
  service: ServiceProcess,
): Promise<Pick<Figures, "jitter" | "servicePercent" | "asteriskPercent">> {
  const question = await spoken(QUESTIONS[1]!);
  await using stack = new AsyncDisposableStack();
  const callers: TestCaller[] = [];
  for (let i = 0; i < AT_ONCE; i++) callers.push(stack.use(await pbx.call()));
  await Promise.all(callers.map(({ heard }) => untilSpokenTo(heard, 0, PATIENT)));
  const asterisk = Number(await Deno.readTextFile(`${pbx.folder}/run/asterisk.pid`));
  const used = async () => [(await service.holdings()).cpuSeconds, cpuSeconds(asterisk)] as const;
  const before = await used();
  const from = performance.now();
  await Promise.all(callers.map(async (caller) => {
    const { endedAt } = await caller.say(question);
    await untilSpokenTo(caller.heard, endedAt, PATIENT);
  }));
  const seconds = (performance.now() - from) / 1000;
  const after = await used();
  const percent = (i: 0 | 1) => 100 * (after[i] - before[i]) / seconds / AT_ONCE;
  const gaps = callers.flatMap(({ heard }) => frameGaps(heard.filter(({ at }) => at >= from)));
  return {
    jitter: gaps.map((ms) => Math.abs(ms - FRAME_MS)),
    servicePercent: percent(0),
    asteriskPercent: percent(1),
  };
}

function table(figures: readonly Figures[]): string[] {
  const row = (title: string, cell: (figures: Figures) => string, aim = "") =>
    [title.padEnd(46), ...figures.map((one) => cell(one).padStart(14)), aim && `   aim: ${aim}`]
      .join("");
  const ms = (values: readonly number[], ...shares: number[]) =>
    shares.map((share) => percentile(values, share).toFixed(share === 0.99 ? 1 : 0)).join(" / ");
  const late = ({ jitter }: Figures) => jitter.filter((late) => late >= FRAME_MS).length;
  return [
    row("", (one) => TRANSPORTS[figures.indexOf(one)]!),
    row("voice_to_voice, p50 / p95 ms", (one) => ms(one.voiceToVoice, 0.5, 0.95), "600 / 900"),
    row("  at the caller's ear", (one) => ms(one.atTheEar, 0.5, 0.95)),
    row("barge-in onset to silence, p50 / p95 ms", (one) => ms(one.bargeIn, 0.5, 0.95), "p95 250"),
    row(`${AT_ONCE} calls: service, % of a core a call`, (one) => one.servicePercent.toFixed(2)),
    row(`${AT_ONCE} calls: Asterisk, % of a core a call`, (one) => one.asteriskPercent.toFixed(2)),
    row(`${AT_ONCE} calls: jitter at the caller, p99 ms`, (one) => ms(one.jitter, 0.99), "5"),
    row(
      `${AT_ONCE} calls: frames late by 20 ms or more`,
      (one) => `${late(one)} of ${one.jitter.length}`,
    ),
  ];
}

/** The cost of lost packets in words: the same prompts over good and bad lines. */
async function benchLoss(pbx: Testbed): Promise<void> {
  const clips = await sentences(pbx, "en", PROMPTS);
  const recognizer = new RecognizerThread((error) => {
    throw error;
  });
  await recognizer.load(findModels());
  for (const [name, faults] of Object.entries(LINES)) {
    const heard = await hearOver(pbx, faults, clips);
    let [errors, words] = [0, 0];
    for (const [n, { text }] of clips.entries()) {
      const result = await recognizer.transcribe(heard[n]!);
      const wrong = wordErrors(text, result?.text ?? "");
      errors += wrong.errors;
      words += wrong.words;
    }
    const rate = (100 * errors / words).toFixed(1);
    await line(`rtp, ${name}: word error rate ${rate} % (${errors} of ${words} words)`);
  }
  await recognizer.close();
}

/** What the bot's end of an RTP call hears of each prompt. */
async function hearOver(pbx: Testbed, faults: LineFaults, clips: readonly Clip[]): Promise<Pcm[]> {
  await using lossy = await LossyLine.open(faults);
  const plan = { kind: "rtp", host: "127.0.0.1", ports: [30_000, 30_999], format: "ulaw" } as const;
  await using call = await TransportCall.open(pbx, plan, lossy);
  const heard: Pcm[] = [];
  for (const { pcm } of clips) {
    const from = call.ear.frames.length;
    await call.caller.say(pcm);
    // Packets in flight arrive meanwhile, and the next prompt starts after a silence.
    await call.caller.say(new Int16Array(8000));
    heard.push(concatPcm(call.ear.frames.slice(from)));
  }
  return heard;
}
