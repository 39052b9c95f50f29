// Audio as it travels inside the service: signed 16-bit mono PCM at 16 kHz ("slin16" in
// Asterisk), in frames of 20 ms.

import { concatBytes } from "../runtime/bytes.ts";

/** Samples per second everywhere inside the service. */
export const SAMPLE_RATE_HZ = 16_000;
/** One frame of a telephone leg, in milliseconds. */
export const FRAME_MS = 20;
/** Samples in one frame. */
export const FRAME_SAMPLES = SAMPLE_RATE_HZ * FRAME_MS / 1000;
/** Bytes in one frame. */
export const FRAME_BYTES = FRAME_SAMPLES * 2;

/** Mono samples, signed 16-bit, at `SAMPLE_RATE_HZ` unless stated otherwise. */
export type Pcm = Int16Array<ArrayBuffer>;

/** The length of `samples` samples, in milliseconds. */
export function durationMs(samples: number, sampleRateHz: number = SAMPLE_RATE_HZ): number {
  return samples * 1000 / sampleRateHz;
}

/** The number of samples in `ms` milliseconds. */
export function samplesIn(ms: number, sampleRateHz: number = SAMPLE_RATE_HZ): number {
  return Math.round(ms * sampleRateHz / 1000);
}

/**
 * Little-endian bytes as samples; an odd last byte is dropped.
 *
 * @param owned the bytes are nobody else's: they are not copied if they lie right.
 */
export function pcmFromBytes(bytes: Uint8Array<ArrayBuffer>, owned: true): Pcm;
export function pcmFromBytes(bytes: Uint8Array): Pcm;
export function pcmFromBytes(bytes: Uint8Array, owned = false): Pcm {
  const samples = bytes.byteLength >> 1;
  if (owned && bytes.byteOffset % 2 === 0) {
    return new Int16Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, samples);
  }
  const pcm = new Int16Array(samples);
  new Uint8Array(pcm.buffer).set(bytes.subarray(0, samples * 2));
  return pcm;
}

/** Samples as little-endian bytes, without copying. */
export function pcmToBytes(pcm: Int16Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(pcm.buffer as ArrayBuffer, pcm.byteOffset, pcm.byteLength);
}

/** Concatenates arrays. */
export function concatPcm(parts: readonly Int16Array[]): Pcm {
  return new Int16Array(concatBytes(parts.map(pcmToBytes)).buffer);
}

/** Samples as the floats from -1 to 1 that models take. */
export function toFloat32(pcm: Int16Array): Float32Array<ArrayBuffer> {
  const floats = new Float32Array(pcm.length);
  for (let i = 0; i < pcm.length; i++) floats[i] = pcm[i]! / 32768;
  return floats;
}

/** Floats from -1 to 1 as samples, clipped. */
export function fromFloat32(floats: Float32Array): Pcm {
  const pcm = new Int16Array(floats.length);
  for (let i = 0; i < floats.length; i++) {
    pcm[i] = Math.max(-32768, Math.min(32767, Math.round(floats[i]! * 32768)));
  }
  return pcm;
}

/** Root-mean-square level in dB relative to full scale; digital silence is -Infinity. */
export function levelDbfs(pcm: Int16Array): number {
  let sum = 0;
  for (const sample of pcm) sum += sample * sample;
  return 10 * Math.log10(sum / Math.max(1, pcm.length) / (32768 * 32768));
}
