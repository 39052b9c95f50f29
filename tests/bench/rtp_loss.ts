// Measures what packet loss costs in words: prompts that ship with Asterisk go through an RTP leg, with
// and without loss and jitter, to the local recogniser.
// `deno task bench rtp_loss`

import { installAsterisk } from "../asterisk/install.ts";
import { RTP_CODECS, RTP_RATE_HZ } from "../../asterisk/transports/rtp/rtp_codec.ts";
import { RtpReceiver, RtpSender } from "../../asterisk/transports/rtp/rtp_stream.ts";
import { concatPcm, FRAME_MS, type Pcm } from "../../media/frame.ts";
import { resample } from "../../media/codec/resample.ts";
import { readWav, toMono } from "../../testing/wav.ts";
import { findModels } from "../../speech/engine/models.ts";
import { RecognizerThread } from "../../speech/engine/recognition/recognizer_thread.ts";
import { wordErrors } from "../../testing/mod.ts";
import { say } from "../runner/steps.ts";

const LOSS = 0.05;
const JITTER_MS = 50;
const FRAME_SAMPLES = RTP_RATE_HZ * FRAME_MS / 1000;
/** Long enough for a sentence, short enough for one recogniser segment. */
const [SHORTEST_S, LONGEST_S] = [2, 8];

/** Word error rates in percent, against the prompts' published texts. */
export interface LossFigures {
  readonly prompts: number;
  readonly words: number;
  readonly clean: number;
  /** 5 % of the packets lost, the others up to 50 ms late and out of order. */
  readonly lossy: number;
  /** The same losses without concealment. */
  readonly unfilled: number;
  /** Percentage of concealed packets: lost or too late. */
  readonly concealed: number;
}

interface Prompt {
  readonly text: string;
  /** 8 kHz. */
  readonly pcm: Pcm;
}

/** Recognises up to `most` prompts over every line. */
export async function lossBench(most: number): Promise<LossFigures> {
  const prompts = await loadPrompts(most);
  const recognizer = new RecognizerThread((error) => {
    throw error;
  });
  await recognizer.load(findModels());
  const errors = { clean: 0, lossy: 0, unfilled: 0 };
  let words = 0;
  let [packets, concealed] = [0, 0];
  for (const [i, { text, pcm }] of prompts.entries()) {
    const chance = randomFrom(i + 1);
    const lost = frames(pcm).map((_, n) => n > 0 && chance() < LOSS);
    const lossy = overLine(pcm, lost, chance);
    packets += lost.length;
    concealed += lossy.concealed;
    const heard = {
      clean: overLine(pcm, lost.map(() => false), () => 0).pcm,
      lossy: lossy.pcm,
      unfilled: concatPcm(frames(pcm).filter((_, n) => !lost[n])),
    };
    words += wordErrors(text, "").words;
    for (const line of ["clean", "lossy", "unfilled"] as const) {
      const result = await recognizer.transcribe(await resample(heard[line], RTP_RATE_HZ));
      errors[line] += wordErrors(text, result?.text ?? "").errors;
    }
  }
  await recognizer.close();
  return {
    prompts: prompts.length,
    words,
    clean: 100 * errors.clean / words,
    lossy: 100 * errors.lossy / words,
    unfilled: 100 * errors.unfilled / words,
    concealed: 100 * concealed / packets,
  };
}

/** The receiver's output for the packets, in their order of arrival. */
function overLine(
  pcm: Pcm,
  lost: readonly boolean[],
  chance: () => number,
): { readonly pcm: Pcm; readonly concealed: number } {
  const sender = new RtpSender(RTP_CODECS.ulaw);
  const out: Pcm[] = [];
  const receiver = new RtpReceiver(RTP_CODECS.ulaw, (audio) => out.push(audio));
  const arrivals = frames(pcm)
    .map((frame, n) => ({
      bytes: sender.packet(frame, 0),
      at: n * FRAME_MS + (n > 0 ? chance() * JITTER_MS : 0),
    }))
    .filter((_, n) => !lost[n])
    .sort((a, b) => a.at - b.at);
  let clock = 0;
  for (const { bytes, at } of arrivals) {
    for (; clock < at; clock += FRAME_MS) receiver.tick(clock);
    receiver.take(bytes, at);
  }
  receiver.tick(clock + 1000);
  return { pcm: concatPcm(out), concealed: receiver.stats.packetsLost };
}

function frames(pcm: Pcm): Pcm[] {
  const count = Math.floor(pcm.length / FRAME_SAMPLES);
  return Array.from(
    { length: count },
    (_, n) => pcm.slice(n * FRAME_SAMPLES, (n + 1) * FRAME_SAMPLES),
  );
}

/** Sentence-long prompts with a published text, by name. */
async function loadPrompts(most: number): Promise<Prompt[]> {
  const tree = await installAsterisk();
  const listed = await Deno.open(
    `${tree}/usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz`,
  );
  const texts = await new Response(
    listed.readable.pipeThrough(new DecompressionStream("gzip")),
  ).text();
  const prompts: Prompt[] = [];
  for (const line of texts.split("\n")) {
    const [, name, text] = /^([\w/-]+): (\w.*)$/.exec(line) ?? [];
    if (!name || !text || prompts.length === most) continue;
    const pcm = await readPrompt(`${tree}/usr/share/asterisk/sounds/en_US_f_Allison/${name}.wav`);
    const seconds = pcm ? pcm.length / RTP_RATE_HZ : 0;
    if (pcm && seconds >= SHORTEST_S && seconds <= LONGEST_S) prompts.push({ text, pcm });
  }
  return prompts;
}

async function readPrompt(path: string): Promise<Pcm | undefined> {
  try {
    return toMono(readWav(await Deno.readFile(path)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** A seeded random number generator, 0…1 (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

if (import.meta.main) {
  const [most = 100] = Deno.args.map(Number);
  const figures = await lossBench(most);
  const rounded = Object.entries(figures).map((
    [name, value],
  ) => [name, Math.round(value * 10) / 10]);
  await say(`${JSON.stringify(Object.fromEntries(rounded))}\n`);
}
