// Analyses what a caller heard: is it that recording, is it that tone?

import type { HeardFrame, TestCaller } from "../../testing/mod.ts";
import { concatPcm, durationMs, FRAME_MS, SAMPLE_RATE_HZ, samplesIn } from "../../media/frame.ts";
import { resample } from "../../media/codec/resample.ts";
import { readWav, toMono } from "../../testing/wav.ts";

/** Reads a WAV file as 16 kHz mono. */
export async function load(path: string): Promise<Int16Array<ArrayBuffer>> {
  const wav = readWav(await Deno.readFile(path));
  return await resample(toMono(wav), wav.sampleRateHz);
}

/** Everything that a caller heard, frame after frame, without the gaps. */
export function audioOf(heard: readonly HeardFrame[]): Int16Array<ArrayBuffer> {
  return concatPcm(heard.map(({ pcm }) => pcm));
}

/** Resolves once the caller has heard this much more, or the call is over. */
export async function hears(caller: TestCaller, ms: number): Promise<void> {
  const wanted = caller.heard.length + ms / FRAME_MS;
  const over = caller.ended.then(() => true);
  while (caller.heard.length < wanted && !await Promise.race([over, nextFrame()]));
}

function nextFrame(): Promise<boolean> {
  return new Promise((resolve) => setTimeout(() => resolve(false), FRAME_MS));
}

/** The similarity of a recording and the best-matching part of what was heard; 1 is the same wave. */
export function likeness(recording: Int16Array, heard: Int16Array): number {
  // A few tenths of a second suffice and cost a hundredth of the whole.
  const part = loudest(recording, samplesIn(400));
  let best = 0;
  for (let at = 0; at + part.length <= heard.length; at++) {
    best = Math.max(best, correlation(part, heard.subarray(at, at + part.length)));
  }
  return best;
}

/** The share of the audio's energy at one frequency, 0…1 (Goertzel's algorithm). */
export function toneShare(pcm: Int16Array, hz: number): number {
  const turn = 2 * Math.PI * hz / SAMPLE_RATE_HZ;
  let [real, imaginary, energy] = [0, 0, 0];
  pcm.forEach((sample, i) => {
    real += sample * Math.cos(turn * i);
    imaginary += sample * Math.sin(turn * i);
    energy += sample * sample;
  });
  return energy === 0 ? 0 : 2 * (real * real + imaginary * imaginary) / (pcm.length * energy);
}

/** The last part of what was heard. */
export function lastMs(heard: readonly HeardFrame[], ms: number): Int16Array<ArrayBuffer> {
  return audioOf(heard.slice(-Math.round(ms / FRAME_MS)));
}

/** The duration of the audio that was heard. */
export function heardMs(heard: readonly HeardFrame[]): number {
  return durationMs(audioOf(heard).length);
}

function loudest(pcm: Int16Array, length: number): Int16Array {
  let [best, bestEnergy] = [pcm.subarray(0, length), -1];
  for (let at = 0; at + length <= pcm.length; at += length >> 1) {
    const part = pcm.subarray(at, at + length);
    const energy = part.reduce((sum, sample) => sum + sample * sample, 0);
    if (energy > bestEnergy) [best, bestEnergy] = [part, energy];
  }
  return best;
}

function correlation(a: Int16Array, b: Int16Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += a[i]! * b[i]!;
    aa += a[i]! * a[i]!;
    bb += b[i]! * b[i]!;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}
