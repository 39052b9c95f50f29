// A call's recording: what the caller said and, at the same moment, what the caller heard.

import { dirname } from "node:path";
import { FRAME_SAMPLES, type Pcm, samplesIn } from "./frame.ts";
import type { MediaHandlers, MediaTransport } from "./transport.ts";
import { StereoWavWriter } from "./wav.ts";

/** Silence put in for the time an isolate was away is bounded: a clock that jumped is no silence. */
const MAX_GAP_MS = 60_000;

/** Writes one call's stereo WAV: caller left, bot right. */
export class Recorder implements AsyncDisposable {
  readonly #writer: StereoWavWriter;
  readonly #playing: Pcm[] = [];
  #paused = false;

  private constructor(writer: StereoWavWriter) {
    this.#writer = writer;
  }

  /**
   * Opens the recording; one that exists is gone on with, as far behind its start as the call is.
   *
   * @param elapsedMs since the call began.
   * @throws when the file cannot be written.
   */
  static async open(path: string, elapsedMs: number): Promise<Recorder> {
    await Deno.mkdir(dirname(path), { recursive: true });
    const writer = await StereoWavWriter.open(path);
    const gapMs = Math.min(MAX_GAP_MS, elapsedMs - writer.durationMs);
    if (gapMs > 0) writer.append(new Int16Array(samplesIn(gapMs)), new Int16Array(0));
    return new Recorder(writer);
  }

  /** The next frame of the caller; the bot's side is what the transport plays meanwhile. */
  caller(frame: Pcm): void {
    this.#writer.append(frame, this.#paused ? new Int16Array(0) : this.#played(frame.length));
  }

  /** A transport like `inner` whose playout is recorded. */
  recorded(inner: MediaTransport): MediaTransport {
    return new RecordedTransport(inner, this);
  }

  /** The transport was handed audio to play after all it has. */
  queued(pcm: Pcm): void {
    this.#playing.push(pcm);
  }

  /** A phrase has ended: its last frame is filled up, as the transport does. */
  phraseEnded(): void {
    const rest = this.#playing.reduce((samples, pcm) => samples + pcm.length, 0) % FRAME_SAMPLES;
    if (rest > 0) this.#playing.push(new Int16Array(FRAME_SAMPLES - rest));
  }

  paused(paused: boolean): void {
    this.#paused = paused;
  }

  flushed(): void {
    this.#playing.length = 0;
    this.#paused = false;
  }

  /** Writes what is left. @throws when the recording could not be written. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close();
  }

  #played(samples: number): Pcm {
    const played = new Int16Array(samples);
    let at = 0;
    while (at < samples && this.#playing.length > 0) {
      const next = this.#playing[0]!;
      const taken = next.subarray(0, samples - at);
      played.set(taken, at);
      at += taken.length;
      if (taken.length === next.length) this.#playing.shift();
      else this.#playing[0] = next.subarray(taken.length);
    }
    return played;
  }
}

class RecordedTransport implements MediaTransport {
  readonly #inner: MediaTransport;
  readonly #recorder: Recorder;

  constructor(inner: MediaTransport, recorder: Recorder) {
    this.#inner = inner;
    this.#recorder = recorder;
  }

  get kind(): MediaTransport["kind"] {
    return this.#inner.kind;
  }

  get bufferedMs(): number {
    return this.#inner.bufferedMs;
  }

  open(handlers: MediaHandlers, signal: AbortSignal): Promise<void> {
    return this.#inner.open(handlers, signal);
  }

  send(pcm: Pcm): void {
    this.#recorder.queued(pcm);
    this.#inner.send(pcm);
  }

  endOfPhrase(markId: string): void {
    this.#recorder.phraseEnded();
    this.#inner.endOfPhrase(markId);
  }

  pause(): void {
    this.#recorder.paused(true);
    this.#inner.pause();
  }

  resume(): void {
    this.#recorder.paused(false);
    this.#inner.resume();
  }

  flush(): Promise<void> {
    this.#recorder.flushed();
    return this.#inner.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inner[Symbol.asyncDispose]();
  }
}
