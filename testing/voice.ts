// A voice for test callers: the local synthesiser, each sentence rendered once.

import { concatPcm, type Pcm } from "../media/frame.ts";
import { LocalVoice } from "../speech/engine/voice/local_voice.ts";

/** A voice of the local synthesiser (espeak-ng's name for it), and its pace: 1 is normal. */
export interface CallerVoice {
  readonly voice: string;
  readonly speed: number;
}

/**
 * Slow: at normal pace the local recogniser hardly understands this voice over a telephone line.
 */
export const ENGLISH_CALLER: CallerVoice = { voice: "en-us", speed: 0.8 };
/** A Russian caller. */
export const RUSSIAN_CALLER: CallerVoice = { voice: "ru", speed: 1 };
/** What a Russian service sounds like to its callers. */
export const RUSSIAN_SERVICE: CallerVoice = { voice: "ru+f3", speed: 1 };

let voice: Promise<LocalVoice> | undefined;
const rendered = new Map<string, Promise<Pcm>>();

/** An English sentence as 16 kHz mono audio. */
export function spoken(text: string): Promise<Pcm> {
  return spokenBy(ENGLISH_CALLER, text);
}

/** A sentence in the given voice, as 16 kHz mono audio. */
export function spokenBy(talker: CallerVoice, text: string): Promise<Pcm> {
  const key = `${talker.voice} ${talker.speed} ${text}`;
  let audio = rendered.get(key);
  if (!audio) {
    audio = render(text, talker);
    rendered.set(key, audio);
  }
  return audio;
}

async function render(text: string, talker: CallerVoice): Promise<Pcm> {
  // All voices first, whichever comes to speak: espeak-ng keeps state between them, so the same
  // sentence would sound a little different after another history.
  voice ??= LocalVoice.load(
    [ENGLISH_CALLER, RUSSIAN_CALLER, RUSSIAN_SERVICE].map((one) => one.voice),
  );
  const parts: Pcm[] = [];
  const { signal } = new AbortController();
  const request = { id: rendered.size, text, ...talker };
  await (await voice).speak(request, (pcm) => parts.push(pcm.slice()), signal);
  return concatPcm(parts);
}
