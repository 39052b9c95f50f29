// A language of tones, so that test services can speak and listen without a model: each letter is 40 ms of
// its own tone, a space is 60 ms of silence. The text can be read back from the audio exactly, even from a
// piece that starts or ends inside a word.

import { concatPcm, type Pcm, SAMPLE_RATE_HZ } from "../../../media/frame.ts";

/** One window of analysis: the tones are multiples of its 50 Hz, so they do not leak into each other. */
const WINDOW = SAMPLE_RATE_HZ / 50;
const LETTER = 2 * WINDOW;
const GAP = 3 * WINDOW;
const LETTERS = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяabcdefghijklmnopqrstuvwxyz0123456789";
const AMPLITUDE = 8000;
const QUIET = 500;

const frequencyHz = (letter: number) => 300 + 50 * letter;

/** The number of samples that `toTones` makes of a text. */
export function toneSamples(text: string): number {
  return wordsOf(text).reduce((sum, word) => sum + word.length * LETTER + GAP, 0);
}

/** Speaks a text: lower case, letters and digits only, 16 kHz. */
export function toTones(text: string): Pcm {
  return concatPcm(
    wordsOf(text).flatMap((word) => [
      ...[...word].map((letter) => tone(LETTERS.indexOf(letter))),
      new Int16Array(GAP),
    ]),
  );
}

/** The words of a text as they are spoken. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().split(/[^a-zа-яё0-9]+/).filter((word) => word !== "");
}

/** What is spoken in this audio (16 kHz): words in lower case, single spaces. */
export function fromTones(pcm: Int16Array): string {
  let text = "";
  let letter = -1;
  let windows = 0;
  let quiet = 2;
  const endLetter = () => {
    // A letter covers two whole windows, or one if it does not start with a window.
    if (letter >= 0) text += LETTERS[letter]!.repeat(Math.ceil(windows / 2));
    letter = -1;
    windows = 0;
  };
  for (let at = 0; at + WINDOW <= pcm.length; at += WINDOW) {
    const heard = letterIn(pcm, at);
    if (heard === "quiet") {
      endLetter();
      if (++quiet === 2 && text !== "") text += " ";
      continue;
    }
    quiet = 0;
    if (heard === letter) windows++;
    else {
      endLetter();
      if (heard === "mixed") continue;
      letter = heard;
      windows = 1;
    }
  }
  endLetter();
  return text.trim();
}

const tones = new Map<number, Pcm>();

function tone(letter: number): Pcm {
  let pcm = tones.get(letter);
  if (!pcm) {
    const step = 2 * Math.PI * frequencyHz(letter) / SAMPLE_RATE_HZ;
    pcm = Int16Array.from({ length: LETTER }, (_, i) => AMPLITUDE * Math.sin(step * i));
    tones.set(letter, pcm);
  }
  return pcm;
}

/** The tone that fills this window alone. Goertzel's algorithm, one bin a letter. */
function letterIn(pcm: Int16Array, at: number): number | "quiet" | "mixed" {
  let energy = 0;
  for (let i = at; i < at + WINDOW; i++) energy += pcm[i]! * pcm[i]!;
  if (energy < QUIET * QUIET * WINDOW) return "quiet";
  for (let letter = 0; letter < LETTERS.length; letter++) {
    const coefficient = COEFFICIENTS[letter]!;
    let s1 = 0, s2 = 0;
    for (let i = at; i < at + WINDOW; i++) {
      const s0 = pcm[i]! + coefficient * s1 - s2;
      s2 = s1;
      s1 = s0;
    }
    const power = s1 * s1 + s2 * s2 - coefficient * s1 * s2;
    if (power * 2 / (WINDOW * energy) > 0.8) return letter;
  }
  return "mixed";
}

const COEFFICIENTS = Float64Array.from(
  LETTERS,
  (_, letter) => 2 * Math.cos(2 * Math.PI * frequencyHz(letter) / SAMPLE_RATE_HZ),
);
