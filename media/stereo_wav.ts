// The file of a call's recording, valid whenever the process may die.

import { writeAll } from "../runtime/bytes.ts";
import { durationMs, type Pcm, pcmToBytes, SAMPLE_RATE_HZ, samplesIn } from "./frame.ts";
import { WAV_HEADER_BYTES, wavHeader } from "./wav.ts";

/** A recording cannot be written; the message says where and why. */
export class RecordingError extends Error {
  override readonly name = "RecordingError";
}

/** Callers' voices are for nobody else on the machine. */
const PRIVATE_FILE = 0o600;
/** Audio collected before each write: also the most that is lost when the process dies. */
const WRITE_EVERY_MS = 1000;
/** Room for the audio between two writes, of both sides. */
const ROOM_SAMPLES = 2 * samplesIn(WRITE_EVERY_MS + 100);
/** Audio that may wait for a stalled disk before the recording is given up (4 MB). */
const MOST_WAITING_MS = 60_000;

/**
 * A call's recording: caller left, bot right, 16 kHz. The file is a valid WAV after each write
 * (about once a second of audio), so a crash costs the last second, not the recording; an existing
 * recording is appended to.
 */
export class StereoWavWriter implements AsyncDisposable {
  readonly #file: Deno.FsFile;
  #writtenBytes: number;
  #samples: number;
  /** Audio of both sides that waits to be written, in one array: one for each frame would cost more. */
  #waiting: Pcm = new Int16Array(0);
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
   * Creates the file, or opens the existing recording to append to it.
   *
   * @throws {RecordingError} when the file is anything but a recording of ours.
   * @throws when it cannot be opened or written.
   */
  static async open(path: string): Promise<StereoWavWriter> {
    const file = await Deno.open(path, {
      read: true,
      write: true,
      create: true,
      mode: PRIVATE_FILE,
    });
    try {
      const { size, mode } = await file.stat();
      // One that an earlier version began.
      if (mode !== null && (mode & 0o077) !== 0) await Deno.chmod(path, PRIVATE_FILE);
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

  /** Adds audio of both sides for the same span; the shorter one is padded with silence. Never blocks. */
  append(caller: Int16Array, bot: Int16Array): void {
    if (this.#closed || this.#failure) return;
    const length = Math.max(caller.length, bot.length);
    const both = this.#roomFor(length);
    for (let i = 0; i < length; i++) {
      both[2 * i] = caller[i] ?? 0;
      both[2 * i + 1] = bot[i] ?? 0;
    }
    this.#samples += length;
    this.#waitingSamples += length;
    const waitingMs = durationMs(this.#waitingSamples);
    if (waitingMs > MOST_WAITING_MS) {
      this.#fail(new RecordingError(`${this.path}: the disk has not taken any audio for 60 s`));
    } else if (waitingMs >= WRITE_EVERY_MS) this.#schedule();
  }

  /** Resolves once everything appended is in the file, or has failed to be written: `close` says so. */
  async flush(): Promise<void> {
    this.#schedule();
    await this.#writing;
  }

  /**
   * Writes the rest and closes the file.
   *
   * @throws the first error in writing.
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
    const audio = this.#waiting.slice(0, 2 * this.#waitingSamples);
    this.#waitingSamples = 0;
    if (this.#waiting.length > ROOM_SAMPLES) this.#waiting = new Int16Array(0);
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
    this.#waiting = new Int16Array(0);
    this.#waitingSamples = 0;
  }

  /** Where the next `samples` of both sides go, behind what waits. */
  #roomFor(samples: number): Pcm {
    const from = 2 * this.#waitingSamples;
    const to = from + 2 * samples;
    if (to > this.#waiting.length) {
      const waiting = new Int16Array(Math.max(ROOM_SAMPLES, 2 * this.#waiting.length, to));
      waiting.set(this.#waiting.subarray(0, from));
      this.#waiting = waiting;
    }
    return this.#waiting.subarray(from, to);
  }
}

async function expectRecording(path: string, file: Deno.FsFile): Promise<void> {
  const header = new Uint8Array(WAV_HEADER_BYTES);
  await file.read(header);
  const expected = wavHeader(2, SAMPLE_RATE_HZ, 0);
  const sizes = [4, 5, 6, 7, 40, 41, 42, 43];
  if (header.some((byte, i) => !sizes.includes(i) && byte !== expected[i])) {
    throw new RecordingError(
      `${path} exists and is not a stereo recording of ours: it is not overwritten`,
    );
  }
}
