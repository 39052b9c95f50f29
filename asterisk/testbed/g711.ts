// G.711 µ-law, the codec of the telephone network (ITU-T G.711): eight bits a sample at 8 kHz.

import type { Pcm } from "../../media/frame.ts";

/** Rate of G.711 audio. */
export const G711_RATE_HZ = 8000;
/** Digital silence. */
export const MULAW_SILENCE = 0xff;

const BIAS = 0x84;
const CLIP = 32635;

const DECODED = Int16Array.from({ length: 256 }, (_, byte) => {
  const code = ~byte & 0xff;
  const magnitude = ((((code & 0x0f) << 3) + BIAS) << ((code & 0x70) >> 4)) - BIAS;
  return code & 0x80 ? -magnitude : magnitude;
});

/** µ-law bytes to samples at 8 kHz. */
export function decodeMulaw(bytes: Uint8Array): Pcm {
  const pcm = new Int16Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) pcm[i] = DECODED[bytes[i]!]!;
  return pcm;
}

/** Samples at 8 kHz to µ-law bytes. */
export function encodeMulaw(pcm: Int16Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pcm.length);
  for (let i = 0; i < pcm.length; i++) bytes[i] = encodeSample(pcm[i]!);
  return bytes;
}

function encodeSample(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), CLIP) + BIAS;
  const segment = 31 - Math.clz32(magnitude) - 7;
  return ~(sign | (segment << 4) | ((magnitude >> (segment + 3)) & 0x0f)) & 0xff;
}
