// WAV files: reading recordings of any origin, and writing our own.

import { writeAll } from "../runtime/bytes.ts";
import {
  concatPcm,
  durationMs,
  type Pcm,
  pcmFromBytes,
  pcmToBytes,
  SAMPLE_RATE_HZ,
} from "./frame.ts";

/** A WAV file's audio, one array a channel. */
export interface Wav {
  readonly sampleRateHz: number;
  /** One (mono) or two (left, right) channels of equal length. */
  readonly channels: readonly Pcm[];
}

/** The bytes are not a WAV file that we can read; the message says what was found instead. */
export class WavError extends Error {
  override readonly name = "WavError";
}

/** Bytes before the audio in the files we write. */
export const WAV_HEADER_BYTES = 44;

const FORMAT_PCM = 1;
/** The real format is in the first two bytes of the sub-format. */
const FORMAT_EXTENSIBLE = 0xfffe;

/**
 * Reads 16-bit PCM, mono or stereo, at any rate. Other chunks are skipped; a data size that
 * promises more than there is (a writer that died, a stream) means "to the end of the file".
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

/** Audio gathered before it is written: also the most that is lost when the process dies. */
const WRITE_EVERY_MS = 1000;
/** Audio that may wait for a stuck disk before the recording is given up (4 MB). */
const MOST_WAITING_MS = 60_000;

/**
 * A call's recording: caller left, bot right, 16 kHz. The file is a valid WAV after each write
 * (about every second of audio), so a crash costs the last second, not the recording; opening it
 * again goes on behind what is there.
 */
export class StereoWavWriter implements AsyncDisposable {
  readonly #file: Deno.FsFile;
  #writtenBytes: number;
  #samples: number;
  #waiting: Pcm[] = [];
  #waitingSamples = 0;
  #writing: Promise<void> = Promise.resolve();
  #failure: Error | undefined;
  #closed = false;

  private constructor(readonly path: string, file: Deno.FsFile, writtenBytes: number) {
    this.#file = file;
    this.#writtenBytes = writtenBytes;
    this.#samples = writtenBytes / 4;
  }

  /**
   * Creates the file, or goes on with a recording that is there already.
   *
   * @throws when the file cannot be opened, {WavError} when it is something other than a recording.
   */
  static async open(path: string): Promise<StereoWavWriter> {
    const file = await Deno.open(path, { read: true, write: true, create: true });
    try {
      const { size } = await file.stat();
      const audioBytes = Math.max(0, size - WAV_HEADER_BYTES) & ~3;
      if (size >= WAV_HEADER_BYTES) await expectRecording(path, file);
      await file.truncate(size === 0 ? 0 : WAV_HEADER_BYTES + audioBytes);
      const writer = new StereoWavWriter(path, file, audioBytes);
      await writer.#writeHeader();
      return writer;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** How much audio the recording holds, in milliseconds. */
  get durationMs(): number {
    return durationMs(this.#samples);
  }

  /** Adds audio of both sides for the same time; the shorter side is filled with silence. Never blocks. */
  append(caller: Int16Array, bot: Int16Array): void {
    if (this.#closed || this.#failure) return;
    const length = Math.max(caller.length, bot.length);
    const both = new Int16Array(length * 2);
    for (let i = 0; i < caller.length; i++) both[2 * i] = caller[i]!;
    for (let i = 0; i < bot.length; i++) both[2 * i + 1] = bot[i]!;
    this.#waiting.push(both);
    this.#samples += length;
    this.#waitingSamples += length;
    const waitingMs = durationMs(this.#waitingSamples);
    if (waitingMs > MOST_WAITING_MS) {
      this.#fail(new WavError(`${this.path}: the disk has not taken any audio for 60 s`));
    } else if (waitingMs >= WRITE_EVERY_MS) this.#schedule();
  }

  /** Resolves when all that was appended is in the file (or could not be written: `close` says so). */
  async flush(): Promise<void> {
    this.#schedule();
    await this.#writing;
  }

  /**
   * Writes what is left and closes the file.
   *
   * @throws the first error that writing met.
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.flush();
    this.#file.close();
    if (this.#failure) throw this.#failure;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #schedule(): void {
    this.#writing = this.#writing.then(() => this.#write()).catch((error) => this.#fail(error));
  }

  async #write(): Promise<void> {
    if (this.#failure || this.#waitingSamples === 0) return;
    const audio = concatPcm(this.#waiting);
    this.#waiting = [];
    this.#waitingSamples = 0;
    await this.#file.seek(WAV_HEADER_BYTES + this.#writtenBytes, Deno.SeekMode.Start);
    await writeAll(this.#file, pcmToBytes(audio));
    this.#writtenBytes += audio.byteLength;
    await this.#writeHeader();
  }

  async #writeHeader(): Promise<void> {
    await this.#file.seek(0, Deno.SeekMode.Start);
    await writeAll(this.#file, wavHeader(2, SAMPLE_RATE_HZ, this.#writtenBytes));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#waiting = [];
    this.#waitingSamples = 0;
  }
}

async function expectRecording(path: string, file: Deno.FsFile): Promise<void> {
  const header = new Uint8Array(WAV_HEADER_BYTES);
  await file.read(header);
  const expected = wavHeader(2, SAMPLE_RATE_HZ, 0);
  const sizes = [4, 5, 6, 7, 40, 41, 42, 43];
  if (header.some((byte, i) => !sizes.includes(i) && byte !== expected[i])) {
    throw new WavError(`${path} exists and is not a stereo recording of ours: not written over`);
  }
}
