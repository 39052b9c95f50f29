// What the callers say: clean speech of the kit's voice, rendered and encoded before the first call.

import { encodeG711, G711_RATE_HZ, type G711Law } from "../../../../media/codec/g711.ts";
import { resample } from "../../../../media/codec/resample.ts";
import { durationMs, FRAME_MS, type Pcm, SAMPLE_RATE_HZ } from "../../../../media/frame.ts";
import { ENGLISH_CALLER, RUSSIAN_CALLER, spokenBy } from "../../../../testing/voice.ts";

/**
 * The knowledge bases that come with the bot answer these. Their length makes a caller speak about a
 * third of the time.
 */
export const QUESTIONS = {
  en: [
    "Could you please tell me what is the price of the machine?",
    "I would like to know more about the installation of the machine.",
    "Please tell me about the calibration of the machine that we have.",
    "I would like to know about the warranty of the machine.",
    "Please tell me how long the delivery of the machine will take.",
  ],
  ru: [
    "Скажите пожалуйста, сколько стоит испытательная машина?",
    "Расскажите пожалуйста подробнее про монтаж и пусконаладку машины.",
    "Скажите пожалуйста, какая гарантия на испытательную машину?",
    "Расскажите пожалуйста подробнее про сроки доставки машины.",
  ],
} as const;

/** A question, ready to be sent. */
export interface Question {
  /** 20 ms each, in the callers' codec; the last one is the last that is loud. */
  readonly frames: readonly Uint8Array[];
  /** The first loud one. */
  readonly onset: number;
}

const BYTES = G711_RATE_HZ * FRAME_MS / 1000;
/** A louder sample begins or ends speech, as in the conversations' benchmark. */
const ONSET = 1000;
const TAIL = 300;

/** All questions of a language. */
export async function questionsIn(language: "en" | "ru", codec: G711Law): Promise<Question[]> {
  const caller = language === "en" ? ENGLISH_CALLER : RUSSIAN_CALLER;
  const questions: Question[] = [];
  for (const text of QUESTIONS[language]) {
    questions.push(await encoded(await spokenBy(caller, text), codec));
  }
  return questions;
}

async function encoded(pcm: Pcm, codec: G711Law): Promise<Question> {
  const speech = pcm.slice(0, pcm.findLastIndex((sample) => Math.abs(sample) > TAIL) + 1);
  const bytes = encodeG711(codec, await resample(speech, SAMPLE_RATE_HZ, G711_RATE_HZ));
  const frames: Uint8Array[] = [];
  for (let at = 0; at + BYTES <= bytes.length; at += BYTES) {
    frames.push(bytes.slice(at, at + BYTES));
  }
  const onset = speech.findIndex((sample) => Math.abs(sample) > ONSET);
  return { frames, onset: Math.floor(durationMs(onset) / FRAME_MS) };
}
