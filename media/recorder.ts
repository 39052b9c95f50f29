// A call's recording: what the caller said and, at the same moment, what the caller heard.

import { dirname } from "node:path";
import type { AudioOutput } from "./audio_output.ts";
import { FRAME_SAMPLES, type Pcm, samplesIn } from "./frame.ts";
import { StereoWavWriter } from "./stereo_wav.ts";

/** Longest silence inserted for the time an isolate was away: a longer gap means a clock that jumped. */
const MAX_GAP_MS = 60_000;

/** Callers' voices are for nobody else on the machine. */
const PRIVATE_FOLDER = 0o700;

const NOTHING: Pcm = new Int16Array(0);

/** Writes one call's stereo WAV: caller left, bot right. */
export class Recorder implements AsyncDisposable {
  readonly #writer: StereoWavWriter;
  #output: RecordedOutput | undefined;
  #stopped = false;

  private constructor(writer: StereoWavWriter) {
    this.#writer = writer;
  }

  /**
   * Opens the recording. An existing file is appended to, padded with silence up to the call's
   * current offset.
   *
   * @param elapsedMs since the call began.
   * @throws when the file cannot be written.
   */
  static async open(path: string, elapsedMs: number): Promise<Recorder> {
    await Deno.mkdir(dirname(path), { recursive: true, mode: PRIVATE_FOLDER });
    const writer = await StereoWavWriter.open(path);
    const gapMs = Math.min(MAX_GAP_MS, elapsedMs - writer.durationMs);
    if (gapMs > 0) writer.append(new Int16Array(samplesIn(gapMs)), NOTHING);
    return new Recorder(writer);
  }

  /** An output that passes everything on to `output`, and whose playout is the recording's bot side. */
  recorded(output: AudioOutput): AudioOutput {
    return this.#output = new RecordedOutput(output);
  }

  /** Records nothing from now on. */
  stop(): void {
    this.#stopped = true;
  }

  /** Records the caller's next frame, and beside it what the bot's output plays in that time. */
  caller(frame: Pcm): void {
    const played = this.#output?.played(frame.length) ?? NOTHING;
    if (!this.#stopped) this.#writer.append(frame, played);
  }

  /** Writes the rest. @throws when the recording could not be written. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close();
  }
}

/** Passes everything on and plays a copy out at the pace of the caller's frames. */
class RecordedOutput implements AudioOutput {
  readonly #inner: AudioOutput;
  readonly #queue: Pcm[] = [];
  #paused = false;

  constructor(inner: AudioOutput) {
    this.#inner = inner;
  }

  get bufferedMs(): number {
    return this.#inner.bufferedMs;
  }

  send(pcm: Pcm): void {
    this.#queue.push(pcm);
    this.#inner.send(pcm);
  }

  endOfPhrase(markId: string): void {
    const tail = this.#queue.reduce((samples, pcm) => samples + pcm.length, 0) % FRAME_SAMPLES;
    if (tail > 0) this.#queue.push(new Int16Array(FRAME_SAMPLES - tail));
    this.#inner.endOfPhrase(markId);
  }

  pause(): void {
    this.#paused = true;
    this.#inner.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#inner.resume();
  }

  flush(): Promise<void> {
    this.#queue.length = 0;
    this.#paused = false;
    return this.#inner.flush();
  }

  /** The next `samples` of playout: silence where nothing is queued or playout is paused. */
  played(samples: number): Pcm {
    if (this.#queue.length === 0 || this.#paused) return NOTHING;
    const played = new Int16Array(samples);
    let at = 0;
    while (at < samples && this.#queue.length > 0 && !this.#paused) {
      const next = this.#queue[0]!;
      const taken = next.subarray(0, samples - at);
      played.set(taken, at);
      at += taken.length;
      if (taken.length === next.length) this.#queue.shift();
      else this.#queue[0] = next.subarray(taken.length);
    }
    return played;
  }
}
