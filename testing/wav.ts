// Reads recordings and prompts of any origin.

import { type Pcm, pcmFromBytes } from "../media/frame.ts";

/** A WAV file's audio, one array per channel. */
export interface Wav {
  readonly sampleRateHz: number;
  /** One channel (mono) or two (left, right), of equal length. */
  readonly channels: readonly Pcm[];
}

/** The bytes are not a readable WAV file; the message says what was found instead. */
export class WavError extends Error {
  override readonly name = "WavError";
}

const FORMAT_PCM = 1;
/** The real format is in the first two bytes of the sub-format. */
const FORMAT_EXTENSIBLE = 0xfffe;

/**
 * Reads 16-bit PCM, mono or stereo, at any rate. Other chunks are skipped; a data size larger than
 * the file (a writer that died, a stream) means "to the end of the file".
 *
 * @throws {WavError}
 */
export function readWav(bytes: Uint8Array): Wav {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || tag(bytes, 0) !== "RIFF" || tag(bytes, 8) !== "WAVE") {
    throw new WavError("not a WAV file: it does not begin with RIFF…WAVE");
  }
  let format: { channels: number; sampleRateHz: number } | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const id = tag(bytes, at);
    const size = view.getUint32(at + 4, true);
    const body = at + 8;
    if (id === "fmt ") format = readFormat(view, body, size);
    if (id === "data") {
      if (!format) throw new WavError("the WAV file has audio before its format");
      // The size is 0 when the writer died before it could say how much it wrote.
      const end = size === 0 ? bytes.length : Math.min(bytes.length, body + size);
      return split(pcmFromBytes(bytes.subarray(body, end)), format);
    }
    at = body + size + (size & 1);
  }
  throw new WavError(`the WAV file has no ${format ? "audio (data)" : "format (fmt)"} chunk`);
}

/** All channels mixed into one. */
export function toMono(wav: Wav): Pcm {
  const [left, right] = wav.channels;
  if (!left) return new Int16Array(0);
  return right ? left.map((sample, i) => (sample + right[i]!) >> 1) : left;
}

function readFormat(
  view: DataView,
  at: number,
  size: number,
): { channels: number; sampleRateHz: number } {
  if (size < 16 || at + size > view.byteLength) throw new WavError("the WAV format chunk is cut");
  const declared = view.getUint16(at, true);
  const format = declared === FORMAT_EXTENSIBLE && size >= 26
    ? view.getUint16(at + 24, true)
    : declared;
  const channels = view.getUint16(at + 2, true);
  const sampleRateHz = view.getUint32(at + 4, true);
  const bits = view.getUint16(at + 14, true);
  if (format !== FORMAT_PCM || bits !== 16 || channels < 1 || channels > 2 || sampleRateHz === 0) {
    throw new WavError(
      `the WAV file is format ${format}, ${bits} bit, ${channels} channel(s), ${sampleRateHz} Hz; ` +
        "only 16-bit PCM, mono or stereo, can be read",
    );
  }
  return { channels, sampleRateHz };
}

function split(pcm: Pcm, format: { channels: number; sampleRateHz: number }): Wav {
  const { channels, sampleRateHz } = format;
  if (channels === 1) return { sampleRateHz, channels: [pcm] };
  const length = pcm.length >> 1;
  const left = new Int16Array(length);
  const right = new Int16Array(length);
  for (let i = 0; i < length; i++) {
    left[i] = pcm[2 * i]!;
    right[i] = pcm[2 * i + 1]!;
  }
  return { sampleRateHz, channels: [left, right] };
}

function tag(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
