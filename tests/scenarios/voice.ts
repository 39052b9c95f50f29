// The callers' voice in tests: the local synthesiser, rendered once for each sentence.

import { concatPcm, type Pcm } from "../../media/frame.ts";
import { LocalVoice } from "../../speech/engine/local_voice.ts";

const VOICE = "en-us";
/** Slow: at its normal pace the local recogniser hardly understands this voice over a telephone line. */
const SPEED = 0.8;

let voice: Promise<LocalVoice> | undefined;
const rendered = new Map<string, Promise<Pcm>>();

/** A sentence as 16 kHz audio. */
export function spoken(text: string): Promise<Pcm> {
  let audio = rendered.get(text);
  if (!audio) {
    audio = render(text);
    rendered.set(text, audio);
  }
  return audio;
}

async function render(text: string): Promise<Pcm> {
  voice ??= LocalVoice.load([VOICE]);
  const parts: Pcm[] = [];
  const { signal } = new AbortController();
  const request = { id: rendered.size, text, voice: VOICE, speed: SPEED };
  await (await voice).speak(request, (pcm) => parts.push(pcm.slice()), signal);
  return concatPcm(parts);
}
