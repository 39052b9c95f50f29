// Human speech: the prompts that ship with Asterisk, through the whole path (English) and through voice
// detection and endpointing (Russian, which the local recogniser does not know).

import { MessageChannel } from "node:worker_threads";
import { pause } from "../../runtime/waiting.ts";
import type { Language } from "../../config/language.ts";
import { Recogniser } from "../../actors/call/recogniser.ts";
import { looksUnfinished } from "../../language/heard/turn_completeness.ts";
import type { Prompt, Testbed } from "../asterisk/testbed.ts";
import {
  durationMs,
  FRAME_SAMPLES,
  type Pcm,
  SAMPLE_RATE_HZ,
  samplesIn,
} from "../../media/frame.ts";
import { resample } from "../../media/codec/resample.ts";
import { readWav, toMono } from "../../testing/wav.ts";
import type { AsrProvider } from "../../speech/asr.ts";
import { SpeechEngine } from "../../speech/engine/engine.ts";
import { connectEngine } from "../../speech/local/mod.ts";
import { eventually, wordErrors } from "../../testing/mod.ts";
import { settingsWith } from "../../config/read_settings.ts";
import { asked, World } from "../scenarios/world.ts";
import { line } from "./print.ts";

const ENGLISH_PROMPTS = 24;
const RUSSIAN_PROMPTS = 60;
/** Long enough to be sentences, short enough to be one turn. */
const WORDS = { min: 4, max: 14 };
const AT_ONCE = 2;
const UNHEARD_AFTER_MS = 12_000;

/** A recorded prompt and its text. */
export interface Clip {
  readonly name: string;
  readonly text: string;
  readonly pcm: Pcm;
}

/** Prints the word error rate of English prompts that a SIP caller plays to the bot. */
export async function benchEnglishPrompts(pbx: Testbed): Promise<void> {
  await line("\n== human English prompts, from a SIP caller to the transcript");
  const clips = await sentences(pbx, "en", ENGLISH_PROMPTS);
  await using world = await World.start(pbx);
  const results: { clip: Clip; recognised: string }[] = [];
  const waiting = [...clips];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let clip = waiting.shift(); clip; clip = waiting.shift()) {
      results.push({ clip, recognised: await sayToBot(world, clip) });
    }
  }));
  let [errors, words] = [0, 0];
  for (const { clip, recognised } of results) {
    const wrong = wordErrors(clip.text, recognised);
    errors += wrong.errors;
    words += wrong.words;
    if (wrong.errors > 0) await line(`  ${clip.name}: "${clip.text}" heard as "${recognised}"`);
  }
  const rate = (100 * errors / words).toFixed(1);
  await line(`word error rate ${rate} % (${errors} of ${words} words, ${results.length} prompts)`);
}

async function sayToBot(world: World, { pcm }: Clip): Promise<string> {
  const { caller, record } = await world.called();
  await eventually(() => record.phase === "listening", "the greeting is over");
  await caller.say(pcm);
  // A prompt that was not recognised at all is not answered: all its words count as wrong.
  await eventually(
    () => asked(record).length > 0 && record.phase === "listening",
    "the bot has answered",
    UNHEARD_AFTER_MS,
  ).catch(() => undefined);
  await caller.hangUp();
  await caller.ended;
  return asked(record).map((turn) => turn.caller).join(" ");
}

/** Prints how many Russian prompts endpointing left whole, without any text and with the text known as it is spoken. */
export async function benchRussianPrompts(pbx: Testbed): Promise<void> {
  await line("\n== human Russian prompts through voice detection and endpointing");
  const clips = await sentences(pbx, "ru", RUSSIAN_PROMPTS);
  await using engine = await SpeechEngine.create({ recognizers: 0 });
  for (const known of [false, true]) {
    const cut: string[] = [];
    for (const clip of clips) {
      const endedAtMs = await endpointOf(engine, clip, known);
      if (endedAtMs < speechEndMs(clip.pcm)) cut.push(clip.name);
    }
    const how = known ? "text known word by word" : "no text known";
    await line(
      `${how}: ${clips.length - cut.length} of ${clips.length} clips whole${
        cut.length > 0 ? `; cut: ${cut.join(", ")}` : ""
      }`,
    );
  }
}

/** When endpointing ended the first turn, in milliseconds of the clip. */
async function endpointOf(
  engine: SpeechEngine,
  { pcm, text }: Clip,
  known: boolean,
): Promise<number> {
  const { port1, port2 } = new MessageChannel();
  engine.expose(port2);
  using speech = connectEngine(port1);
  const settings = settingsWith({});
  let atMs = 0;
  let endedAtMs = Infinity;
  const textSoFar = () =>
    known ? text.slice(0, Math.ceil(text.length * atMs / durationMs(pcm.length))) : "";
  const asr: AsrProvider = {
    name: "oracle",
    open: ({ onPartial }) => ({
      push: () => {},
      checkpoint: () => onPartial({ text: textSoFar(), final: false }),
      finish: () => Promise.resolve({ text: textSoFar(), final: true }),
    }),
  };
  using recogniser = new Recogniser({
    call: "bench",
    vad: speech.vad,
    asr,
    language: "ru",
    vadThreshold: settings.VAD_THRESHOLD,
    prerollMs: settings.PREROLL_MS,
    endpointing: {
      silenceMs: settings.ENDPOINT_SILENCE_MS,
      maxSilenceMs: settings.ENDPOINT_MAX_SILENCE_MS,
      maxUtteranceMs: settings.MAX_UTTERANCE_SECONDS * 1000,
      looksUnfinished: (words) => looksUnfinished(words, "ru"),
      isShortAnswer: () => false,
    },
    events: {
      wantsText: () => true,
      onOnset: () => {},
      onNoSpeech: () => {},
      onStable: () => {},
      onSpeech: () => {},
      onTurn: () => endedAtMs = Math.min(endedAtMs, atMs),
      onAsrFailed: (error) => {
        throw error;
      },
    },
  });
  const padded = new Int16Array(pcm.length + samplesIn(2500));
  padded.set(pcm);
  for (
    let at = 0;
    at + FRAME_SAMPLES <= padded.length && endedAtMs === Infinity;
    at += FRAME_SAMPLES
  ) {
    atMs = durationMs(at + FRAME_SAMPLES);
    recogniser.hear(padded.slice(at, at + FRAME_SAMPLES), performance.now());
    // As at the pace of a call, the engine answers each window before the next request.
    await pause(4);
  }
  return endedAtMs;
}

function speechEndMs(pcm: Pcm): number {
  return durationMs(pcm.findLastIndex((sample) => Math.abs(sample) > 1500));
}

/** The first `most` sentence-long prompts of a language, by name. */
export async function sentences(
  pbx: Testbed,
  language: Language,
  most: number,
): Promise<Clip[]> {
  const texts = await promptTexts(pbx, language);
  const clips: Clip[] = [];
  for (const prompt of await pbx.prompts(language)) {
    const text = texts.get(prompt.name);
    const words = text?.split(/\s+/).length ?? 0;
    if (!text || text.includes("[") || words < WORDS.min || words > WORDS.max) continue;
    clips.push({ name: prompt.name, text, pcm: await read(prompt) });
    if (clips.length >= most) break;
  }
  return clips;
}

/** The prompts' texts, which the sound packages document in a list. */
async function promptTexts(pbx: Testbed, language: Language): Promise<Map<string, string>> {
  const [tree] = pbx.promptPath(language, "vm-goodbye").split("/usr/share/");
  const file = await Deno.open(
    `${tree}/usr/share/doc/asterisk-core-sounds-${language}/core-sounds-${language}.txt.gz`,
  );
  const text = await new Response(file.readable.pipeThrough(new DecompressionStream("gzip")))
    .text();
  return new Map(
    text.split("\n").flatMap((entry) => {
      const [, name, words] = /^([\w/-]+):\s*(.+)$/.exec(entry) ?? [];
      return name && words ? [[name, words.trim()] as const] : [];
    }),
  );
}

async function read({ path }: Prompt): Promise<Pcm> {
  const wav = readWav(await Deno.readFile(path));
  return await resample(toMono(wav), wav.sampleRateHz, SAMPLE_RATE_HZ);
}
