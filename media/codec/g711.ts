// G.711, the codec of telephone legs: 8-bit logarithmic samples at 8 kHz (ITU-T G.711, in the
// inverted-bit forms that RTP payload types 0 and 8 carry). The encoders match the
// reference software of ITU-T G.191 (ulaw_compress, alaw_compress) bit for bit.

import type { Pcm } from "../frame.ts";

/** The two companding laws. */
export type G711Law = "ulaw" | "alaw";

/** Samples per second. */
export const G711_RATE_HZ = 8000;

/** The code of silence in each law. */
export const G711_SILENCE: Readonly<Record<G711Law, number>> = { ulaw: 0xff, alaw: 0xd5 };

/** Encodes each sample as one byte. */
export function encodeG711(law: G711Law, pcm: Int16Array): Uint8Array<ArrayBuffer> {
  const table = ENCODE[law];
  const bytes = new Uint8Array(pcm.length);
  for (let i = 0; i < pcm.length; i++) bytes[i] = table[(pcm[i]! + 32768) >> 2]!;
  return bytes;
}

/** Decodes each byte to one sample. */
export function decodeG711(law: G711Law, bytes: Uint8Array): Pcm {
  const table = DECODE[law];
  const pcm = new Int16Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) pcm[i] = table[bytes[i]!]!;
  return pcm;
}

/** Added before the logarithm so that the smallest segment is as linear as the others. */
const ULAW_BIAS = 0x84;
const ULAW_CLIP = 32635;

const DECODE: Readonly<Record<G711Law, Int16Array>> = {
  ulaw: Int16Array.from({ length: 256 }, (_, code) => expandUlaw(code)),
  alaw: Int16Array.from({ length: 256 }, (_, code) => expandAlaw(code)),
};

// Both laws resolve 14 bits or less, so the two lowest bits of a sample do not matter.
const ENCODE: Readonly<Record<G711Law, Uint8Array>> = {
  ulaw: Uint8Array.from({ length: 16384 }, (_, i) => compressUlaw((i << 2) - 32768)),
  alaw: Uint8Array.from({ length: 16384 }, (_, i) => compressAlaw((i << 2) - 32768)),
};

function expandUlaw(code: number): number {
  const inverted = ~code & 0xff;
  const exponent = (inverted >> 4) & 7;
  const magnitude = (((inverted & 15) << 3) + ULAW_BIAS << exponent) - ULAW_BIAS;
  return inverted & 0x80 ? -magnitude : magnitude;
}

function compressUlaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const biased = Math.min(magnitudeOf(sample), ULAW_CLIP) + ULAW_BIAS;
  const exponent = 24 - Math.clz32(biased);
  const mantissa = (biased >> (exponent + 3)) & 15;
  return ~(sign | exponent << 4 | mantissa) & 0xff;
}

function expandAlaw(code: number): number {
  const plain = code ^ 0x55;
  const exponent = (plain >> 4) & 7;
  const mantissa = (plain & 15) << 4;
  const magnitude = exponent === 0 ? mantissa + 8 : (mantissa + 0x108) << (exponent - 1);
  return plain & 0x80 ? magnitude : -magnitude;
}

function compressAlaw(sample: number): number {
  const sign = sample >= 0 ? 0x80 : 0;
  const magnitude = magnitudeOf(sample);
  const exponent = magnitude < 256 ? 0 : 24 - Math.clz32(magnitude);
  const mantissa = (magnitude >> (exponent === 0 ? 4 : exponent + 3)) & 15;
  return (sign | exponent << 4 | mantissa) ^ 0x55;
}

/** One's complement for negatives: -1 belongs to the same step as 0, and every four samples to one. */
function magnitudeOf(sample: number): number {
  return sample >= 0 ? sample : ~sample;
}
