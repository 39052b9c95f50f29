// Moonshine at the engine as an AsrProvider: the call keeps the utterance's audio and has it
// transcribed anew as it grows.

import { concatPcm, durationMs, type Pcm, samplesIn } from "../../media/frame.ts";
import {
  AsrError,
  type AsrOptions,
  type AsrProvider,
  type AsrUtterance,
  type Transcript,
} from "../asr.ts";
import { EnergyVad } from "../energy_vad.ts";
import type { Urgency } from "../engine/protocol.ts";
import { VAD_WINDOW_SAMPLES } from "../vad.ts";
import { type EngineLink, LinkError } from "./link.ts";

/** Sound after a checkpoint shorter than this is a click or a breath, not a word. */
const NEW_SPEECH_MS = 90;
/** From this on a window is sound: lower than for speech, for a last word may be soft. */
const SOUND_PROBABILITY = 0.2;
/** A partial costs its recognition time; this many times that passes before the next. */
const PARTIAL_REST_FACTOR = 3;

/** Times, in milliseconds. */
export interface LocalAsrOptions {
  /** Longest wait for a text. */
  readonly deadlineMs: number;
  /** Least time between two partials. */
  readonly partialEveryMs: number;
}

/** Local speech recognition; English only. */
export class LocalAsr implements AsrProvider {
  readonly name = "local";
  readonly #link: EngineLink;
  readonly #options: LocalAsrOptions;

  constructor(link: EngineLink, options: LocalAsrOptions) {
    this.#link = link;
    this.#options = options;
  }

  /** @throws {AsrError} for a language other than English. */
  open(options: AsrOptions): AsrUtterance {
    if (options.language !== "en") {
      throw new AsrError(
        `local speech recognition knows English only, and "${options.language}" was asked for; ` +
          "set ASR_PROVIDER to a service that knows the language, or ASTERISK_LANG=en",
      );
    }
    return new LocalUtterance(this.#link, this.#options, options);
  }
}

/** A text and how much of the utterance it covers. */
interface Coverage {
  readonly samples: number;
  readonly text: string;
}

class LocalUtterance implements AsrUtterance {
  readonly #link: EngineLink;
  readonly #timing: LocalAsrOptions;
  readonly #options: AsrOptions;
  readonly #loudness = new EnergyVad();

  /** Audio that is not settled yet; `#settled.samples` came before it. */
  #audio: Pcm = new Int16Array(samplesIn(4000));
  #audioSamples = 0;
  #settled: Coverage = { samples: 0, text: "" };

  /** Where the windows with sound begin, counted in samples of the whole utterance. */
  readonly #soundAt: number[] = [];
  #windowFrom = 0;

  #covered: Coverage = { samples: 0, text: "" };
  #checkpoint: { readonly samples: number; readonly done: Promise<Coverage> } | undefined;
  #partial: Promise<void> | undefined;
  #nextPartialAt = 0;
  #over = false;

  constructor(link: EngineLink, timing: LocalAsrOptions, options: AsrOptions) {
    this.#link = link;
    this.#timing = timing;
    this.#options = options;
    this.#nextPartialAt = performance.now() + timing.partialEveryMs;
    options.signal.addEventListener("abort", this.#end, { once: true });
    if (options.signal.aborted) this.#end();
  }

  push(pcm: Pcm): void {
    if (this.#over) return;
    this.#keep(pcm);
    this.#listen();
    if (performance.now() >= this.#nextPartialAt) this.#askPartial();
  }

  checkpoint(): void {
    if (this.#over) return;
    if (this.#checkpoint && this.#isCovered(this.#checkpoint)) return;
    // A checkpoint is always answered: endpointing waits for it.
    if (this.#isCovered(this.#covered)) return this.#tell(this.#covered);
    const checkpoint = { samples: this.#samples, done: this.#transcribe("urgent") };
    this.#checkpoint = checkpoint;
    checkpoint.done.then((coverage) => this.#tell(coverage), () => {
      // finish() tries again, and reports.
    }).finally(() => {
      if (this.#checkpoint === checkpoint) this.#checkpoint = undefined;
    });
  }

  async finish(): Promise<Transcript> {
    if (this.#options.signal.aborted) throw new AsrError("local recognition: it was cancelled");
    try {
      const text = await this.#finalText();
      return { text, final: true };
    } catch (cause) {
      throw new AsrError(
        `local recognition of ${seconds(this.#samples)} of speech failed: ${
          cause instanceof Error ? cause.message : cause
        }`,
        { cause },
      );
    } finally {
      this.#end();
    }
  }

  get #samples(): number {
    return this.#settled.samples + this.#audioSamples;
  }

  async #finalText(): Promise<string> {
    if (this.#isCovered(this.#covered)) return this.#covered.text;
    const checkpoint = this.#checkpoint;
    if (checkpoint && this.#isCovered(checkpoint)) {
      const coverage = await checkpoint.done.catch(() => undefined);
      if (coverage) return coverage.text;
    }
    return (await this.#transcribe("urgent")).text;
  }

  /** Whether nothing but silence (or a click) came after what `part` covers. */
  #isCovered(part: { readonly samples: number }): boolean {
    const since = this.#soundAt.length - 1 - this.#soundAt.findLastIndex((at) => at < part.samples);
    return part.samples > 0 && durationMs(since * VAD_WINDOW_SAMPLES) < NEW_SPEECH_MS;
  }

  #askPartial(): void {
    if (this.#partial || this.#checkpoint || this.#isCovered(this.#covered)) return;
    const startedAt = performance.now();
    this.#partial = this.#transcribe("partial")
      .then((coverage) => {
        if (coverage.text === this.#covered.text) this.#covered = coverage;
        else this.#tell(coverage);
      }, () => {
        // A partial is a luxury: the next one, or the final text, makes up for it.
      })
      .finally(() => {
        const now = performance.now();
        this.#partial = undefined;
        this.#nextPartialAt = now +
          Math.max(this.#timing.partialEveryMs, (now - startedAt) * PARTIAL_REST_FACTOR);
      });
  }

  #tell(coverage: Coverage): void {
    if (this.#over || coverage.samples < this.#covered.samples) return;
    this.#covered = coverage;
    this.#options.onPartial({ text: coverage.text, final: false });
  }

  async #transcribe(urgency: Urgency): Promise<Coverage> {
    const { samples } = this.#settled;
    const settledText = this.#settled.text;
    const upTo = this.#samples;
    const what = `transcribe ${seconds(this.#audioSamples)}`;
    // Taken now, for audio goes on growing; sent again from this copy when the engine is replaced.
    const pcm = this.#audio.slice(0, this.#audioSamples);
    const reply = await this.#link.request((engine) => engine.transcribe(pcm, urgency), {
      what,
      deadlineMs: this.#timing.deadlineMs,
      signal: this.#options.signal,
      retry: urgency === "urgent",
    });
    if (reply.kind !== "text") throw new LinkError("refused", `${what}: ${reply.kind}`);
    this.#settle({
      samples: samples + reply.settled.samples,
      text: join(settledText, reply.settled.text),
    });
    return { samples: upTo, text: join(settledText, reply.text) };
  }

  /** What is settled need not be kept, nor recognised again. */
  #settle(settled: Coverage): void {
    const more = settled.samples - this.#settled.samples;
    if (more <= 0 || this.#over) return;
    this.#audio.copyWithin(0, more, this.#audioSamples);
    this.#audioSamples -= more;
    this.#settled = settled;
  }

  #keep(pcm: Pcm): void {
    if (this.#audioSamples + pcm.length > this.#audio.length) {
      this.#audio = concatPcm([
        this.#audio,
        new Int16Array(Math.max(this.#audio.length, pcm.length)),
      ]);
    }
    this.#audio.set(pcm, this.#audioSamples);
    this.#audioSamples += pcm.length;
  }

  /** Notes where sound is, window by window. */
  #listen(): void {
    this.#windowFrom = Math.max(this.#windowFrom, this.#settled.samples);
    while (this.#windowFrom + VAD_WINDOW_SAMPLES <= this.#samples) {
      const at = this.#windowFrom - this.#settled.samples;
      const window = this.#audio.subarray(at, at + VAD_WINDOW_SAMPLES);
      if (this.#loudness.probability(window) >= SOUND_PROBABILITY) {
        this.#soundAt.push(this.#windowFrom);
      }
      this.#windowFrom += VAD_WINDOW_SAMPLES;
    }
  }

  readonly #end = (): void => {
    if (this.#over) return;
    this.#over = true;
    // The signal may live as long as the call, and would keep every utterance of it.
    this.#options.signal.removeEventListener("abort", this.#end);
    if (this.#checkpoint || this.#partial) {
      this.#link.tell((engine) => engine.cancelTranscription());
    }
    this.#audio = new Int16Array(0);
    this.#audioSamples = 0;
  };
}

function join(a: string, b: string): string {
  return a && b ? `${a} ${b}` : a || b;
}

function seconds(samples: number): string {
  return `${(durationMs(samples) / 1000).toFixed(1)} s`;
}
