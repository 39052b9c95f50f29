// One utterance at Yandex: usually a segment of one session; a long one spans several.

import { concatPcm, type Pcm, samplesIn } from "../../../media/frame.ts";
import { AsrError, type AsrOptions, type AsrUtterance, type Transcript } from "../../asr.ts";
import { ServiceFailure } from "../../failure.ts";
import { LevelMeter } from "../../../media/level_meter.ts";
import { joinTexts, stitch } from "../../../language/heard/stitch.ts";
import { SttPart } from "./stt_part.ts";
import type { SessionLimits, SttSession } from "./stt_session.ts";

/** A pause long enough to lie between words. */
const PAUSE_MS = 200;
/** How much audio the next session gets again when there was no pause to cut at. */
const OVERLAP_MS = 1_000;

/** What an utterance needs from its provider. */
export interface UtteranceSetup {
  /** A session to write to, kept or new. */
  take(): SttSession;
  /** Returns a session with nothing outstanding. */
  giveBack(session: SttSession): void;
  readonly options: AsrOptions;
  readonly limits: SessionLimits;
  /** We end utterances, not the service. */
  readonly external: boolean;
  readonly refinements: boolean;
  onRotation(seam: "pause" | "overlap"): void;
}

/** The utterance, over one or several sessions. */
export class YandexUtterance implements AsrUtterance {
  readonly #setup: UtteranceSetup;
  readonly #level = new LevelMeter();
  readonly #parts: SttPart[] = [];
  #finished: PromiseWithResolvers<Transcript> | undefined;
  /** The newest audio, for an overlap. */
  #recent: Pcm[] = [];
  #recentSamples = 0;
  #reported = "";
  #checkpointPending = false;
  /** Everything that can hold a word has been asked for. */
  #covered = true;
  #asked = false;
  #failure: AsrError | undefined;
  #over = false;

  constructor(setup: UtteranceSetup) {
    this.#setup = setup;
    const { signal } = setup.options;
    if (signal.aborted) this.#over = true;
    else {
      signal.addEventListener("abort", this.#onAbort, { once: true });
      this.#parts.push(this.#newPart(false));
    }
  }

  push(pcm: Pcm): void {
    if (this.#over || this.#failure || this.#finished) return;
    this.#level.push(pcm);
    // Until the first request, even very quiet audio may be all that the caller says.
    if (this.#asked ? this.#level.quietMs === 0 : pcm.some((sample) => sample !== 0)) {
      this.#covered = false;
    }
    this.#rotateIfDue();
    this.#part.session.write(pcm);
    this.#remember(pcm);
  }

  checkpoint(): void {
    if (this.#over || this.#failure) return;
    this.#checkpointPending = true;
    if (!this.#setup.external || this.#covered) return this.#onChange();
    this.#asked = this.#covered = true;
    this.#part.endUtterance();
  }

  finish(): Promise<Transcript> {
    if (this.#finished) return this.#finished.promise;
    this.#finished = Promise.withResolvers();
    if (this.#failure) this.#finished.reject(this.#failure);
    else if (this.#over) this.#finished.resolve({ text: this.#text, final: false });
    else {
      if (!this.#covered) {
        if (this.#setup.external) this.#part.endUtterance();
        // The service's own detector takes no orders; the end of the session ends the utterance.
        else this.#part.end();
      }
      this.#onChange();
    }
    return this.#finished.promise;
  }

  get #part(): SttPart {
    return this.#parts.at(-1)!;
  }

  get #text(): string {
    return this.#parts.reduce(
      (text, part) => part.overlap ? stitch(text, part.text) : joinTexts([text, part.text]),
      "",
    );
  }

  #newPart(overlap: boolean): SttPart {
    return new SttPart(this.#setup.take(), overlap, this.#setup.refinements, {
      onText: () => this.#onChange(),
      onSettled: () => this.#onChange(),
      onEndOfUtterance: () => {
        this.#asked = this.#covered = true;
        this.#setup.options.onEndOfUtterance?.();
        this.#onChange();
      },
      onFailed: (failure) => this.#fail(failure),
    });
  }

  /** Replaces a session that is near its limits with a new one. */
  #rotateIfDue(): void {
    const { session } = this.#part;
    const { pauseMs, pauseBytes, cutMs, cutBytes } = this.#setup.limits;
    if (session.audioMs < pauseMs && session.bytes < pauseBytes) return;
    const atPause = this.#level.quietMs >= PAUSE_MS;
    if (!atPause && session.audioMs < cutMs && session.bytes < cutBytes) return;
    this.#part.end();
    const part = this.#newPart(!atPause);
    this.#parts.push(part);
    if (!atPause) part.session.write(concatPcm(this.#recent));
    this.#setup.onRotation(atPause ? "pause" : "overlap");
  }

  #remember(pcm: Pcm): void {
    this.#recent.push(pcm);
    this.#recentSamples += pcm.length;
    const most = samplesIn(OVERLAP_MS);
    while (this.#recentSamples - this.#recent[0]!.length >= most) {
      this.#recentSamples -= this.#recent.shift()!.length;
    }
  }

  /** Reports what is new, after any change. */
  #onChange(): void {
    if (this.#over || this.#failure) return;
    const text = this.#text;
    const settled = this.#parts.every((part) => part.settled);
    if (this.#finished && settled) return this.#conclude(text);
    const answersCheckpoint = this.#checkpointPending && settled;
    if (answersCheckpoint) this.#checkpointPending = false;
    if (this.#finished || (text === this.#reported && !answersCheckpoint)) return;
    this.#reported = text;
    this.#setup.options.onPartial({ text, final: false });
  }

  #conclude(text: string): void {
    this.#unsubscribe();
    const last = this.#part;
    last.detach();
    if (last.session.open) this.#setup.giveBack(last.session);
    this.#finished?.resolve({ text, final: true });
  }

  #fail(cause: ServiceFailure | undefined): void {
    if (this.#over || this.#failure) return;
    const failure = cause ?? new ServiceFailure("yandex", "Yandex recognition", {
      code: "ENDED",
      retryable: true,
      cure: "the service ended the session in the middle of an utterance",
    });
    this.#failure = new AsrError(failure.message, { cause: failure });
    this.#cancelParts();
    if (this.#finished) this.#finished.reject(this.#failure);
    else this.#setup.options.onFailure?.(this.#failure);
  }

  readonly #onAbort = () => {
    if (this.#over) return;
    this.#unsubscribe();
    this.#cancelParts();
    this.#finished?.resolve({ text: this.#text, final: false });
  };

  #unsubscribe(): void {
    this.#over = true;
    this.#setup.options.signal.removeEventListener("abort", this.#onAbort);
  }

  #cancelParts(): void {
    for (const part of this.#parts) {
      part.detach();
      part.session.cancel();
    }
  }
}
