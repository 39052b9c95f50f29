// The WAV files we write: 16-bit PCM behind a header of 44 bytes.

import { pcmToBytes, SAMPLE_RATE_HZ } from "./frame.ts";

/** Bytes before the audio. */
export const WAV_HEADER_BYTES = 44;

const FORMAT_PCM = 1;

/** A mono WAV file. */
export function writeWav(
  pcm: Int16Array,
  sampleRateHz: number = SAMPLE_RATE_HZ,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(WAV_HEADER_BYTES + pcm.byteLength);
  bytes.set(wavHeader(1, sampleRateHz, pcm.byteLength));
  bytes.set(pcmToBytes(pcm), WAV_HEADER_BYTES);
  return bytes;
}

/** The header of a 16-bit PCM file whose audio is `dataBytes` long. */
export function wavHeader(
  channels: 1 | 2,
  sampleRateHz: number,
  dataBytes: number,
): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(WAV_HEADER_BYTES);
  const view = new DataView(header.buffer);
  const put = (at: number, text: string) => header.set(new TextEncoder().encode(text), at);
  put(0, "RIFF");
  view.setUint32(4, WAV_HEADER_BYTES - 8 + dataBytes, true);
  put(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, FORMAT_PCM, true);
  view.setUint16(22, channels, true);
  view.setUint32(24, sampleRateHz, true);
  view.setUint32(28, sampleRateHz * channels * 2, true);
  view.setUint16(32, channels * 2, true);
  view.setUint16(34, 16, true);
  put(36, "data");
  view.setUint32(40, dataBytes, true);
  return header;
}
