// The engine's Moonshine as an AsrProvider: the call keeps the utterance's audio and has it
// transcribed again as it grows.

import { concatPcm, durationMs, type Pcm, samplesIn } from "../../media/frame.ts";
import { messageOf } from "../../runtime/error_text.ts";
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

/** Less sound than this after a checkpoint is a click or a breath, not a word. */
const NEW_SPEECH_MS = 90;
/** From this probability on a window counts as sound: lower than for speech, as a last word may be soft. */
const SOUND_PROBABILITY = 0.2;
/** The rest between two partials, as a multiple of the time that the last one took. */
const PARTIAL_REST_FACTOR = 3;

/**
 * With less audio than this a transcription is cancelled when the caller speaks on; more is worth
 * finishing, since the part before a pause need not be recognised again (`segments.ts` cuts from 5 s).
 */
const WORTH_FINISHING_MS = 6000;

/** Room for audio at first; it doubles when it is full. */
const FIRST_ROOM_MS = 4000;

/** Times, in milliseconds. */
export interface LocalAsrOptions {
  /** The longest wait for a text. */
  readonly deadlineMs: number;
  /** The least time between two partials. */
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
        `local speech recognition knows English only, not "${options.language}"; ` +
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

  /** Audio whose text is not settled yet; `#settled.samples` came before it. */
  #audio: Pcm = new Int16Array(samplesIn(FIRST_ROOM_MS));
  #audioSamples = 0;
  #settled: Coverage = { samples: 0, text: "" };

  /** Where the windows with sound begin, in samples of the whole utterance. */
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
    if (this.#isCovered(this.#covered)) return this.#report(this.#covered);
    const checkpoint = { samples: this.#samples, done: this.#transcribe("pause") };
    this.#checkpoint = checkpoint;
    checkpoint.done.then((coverage) => this.#report(coverage), () => {
      // finish() tries again and reports a failure.
    }).finally(() => {
      if (this.#checkpoint === checkpoint) this.#checkpoint = undefined;
    });
  }

  resumed(): void {
    const short = durationMs(this.#audioSamples) < WORTH_FINISHING_MS;
    if (this.#over || !this.#checkpoint || !short || this.#wantsPartials) return;
    this.#checkpoint = undefined;
    this.#link.tell((engine) => engine.cancelTranscription());
  }

  async finish(): Promise<Transcript> {
    if (this.#options.signal.aborted) throw new AsrError("local recognition was cancelled");
    try {
      const text = await this.#finalText();
      return { text, final: true };
    } catch (cause) {
      throw new AsrError(
        `local recognition of ${seconds(this.#samples)} of speech failed: ${messageOf(cause)}`,
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
      this.#link.tell((engine) => engine.hurryTranscription());
      const coverage = await checkpoint.done.catch(() => undefined);
      if (coverage) return coverage.text;
    }
    return (await this.#transcribe("turn")).text;
  }

  /** Whether only silence (or a click) came after what `part` covers. */
  #isCovered(part: { readonly samples: number }): boolean {
    const since = this.#soundAt.length - 1 - this.#soundAt.findLastIndex((at) => at < part.samples);
    return part.samples > 0 && durationMs(since * VAD_WINDOW_SAMPLES) < NEW_SPEECH_MS;
  }

  get #wantsPartials(): boolean {
    return this.#options.wantsPartials?.() ?? true;
  }

  #askPartial(): void {
    if (this.#partial || this.#checkpoint || !this.#wantsPartials) return;
    if (this.#isCovered(this.#covered)) return;
    const startedAt = performance.now();
    this.#partial = this.#transcribe("partial")
      .then((coverage) => {
        if (coverage.text === this.#covered.text) this.#covered = coverage;
        else this.#report(coverage);
      }, () => {
        // A partial is a luxury: the next one or the final text makes up for it.
      })
      .finally(() => {
        const now = performance.now();
        this.#partial = undefined;
        this.#nextPartialAt = now +
          Math.max(this.#timing.partialEveryMs, (now - startedAt) * PARTIAL_REST_FACTOR);
      });
  }

  #report(coverage: Coverage): void {
    if (this.#over || coverage.samples < this.#covered.samples) return;
    this.#covered = coverage;
    this.#options.onPartial({ text: coverage.text, final: false });
  }

  async #transcribe(urgency: Urgency): Promise<Coverage> {
    const { samples } = this.#settled;
    const settledText = this.#settled.text;
    const upTo = this.#samples;
    const what = `transcribe ${seconds(this.#audioSamples)}`;
    // Copied now, as the audio keeps growing; a replacement engine gets the same copy.
    const pcm = this.#audio.slice(0, this.#audioSamples);
    const reply = await this.#link.request((engine) => engine.transcribe(pcm, urgency), {
      what,
      deadlineMs: this.#timing.deadlineMs,
      signal: this.#options.signal,
      retry: urgency !== "partial",
    });
    if (reply.kind !== "text") throw new LinkError("refused", `${what}: ${reply.kind}`);
    this.#settle({
      samples: samples + reply.settled.samples,
      text: join(settledText, reply.settled.text),
    });
    return { samples: upTo, text: join(settledText, reply.text) };
  }

  /** Drops settled audio: it need not be recognised again. */
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

  /** Notes where there is sound, window by window. */
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
    // The signal may live as long as the call, and would hold every utterance of it.
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
