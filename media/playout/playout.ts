// What the bot says, phrase by phrase, in order: sent no further ahead than the lookahead, and
// followed by marks, so that what the caller has heard is known and not guessed.

import type { AudioOutput } from "../audio_output.ts";
import { concatPcm, durationMs, FRAME_SAMPLES, type Pcm } from "../frame.ts";
import { SYSTEM_TIME, type TimeSource } from "./frame_clock.ts";

/** Reports a phrase's progress to the caller's ear; `Phrase` is whatever the phrase was added as. */
export interface PlayoutEvents<Phrase> {
  /** The first audio of the phrase has left for the PBX. */
  onQueued(phrase: Phrase): void;
  /** The PBX has begun to play the phrase. */
  onStarted(phrase: Phrase): void;
  /** The phrase was played out to its end. */
  onHeard(phrase: Phrase): void;
}

/** Where one phrase's audio goes while it is synthesised. */
export interface PhraseSink {
  /** The next audio. Ignored once the phrase was flushed. */
  write(pcm: Pcm): void;
  /** No more audio comes. */
  end(): void;
}

/** Where playout stands. */
export interface Position<Phrase> {
  /** The phrase being played, if any. */
  readonly phrase?: Phrase;
  /** How much of it was heard, 0…1. */
  readonly heardFraction: number;
}

interface Queued<Phrase> extends PhraseSink {
  readonly phrase: Phrase;
  /** The number in the ids of its marks, `s12` and `e12`: they travel to the PBX and must stay short. */
  readonly mark: number;
  chunks: Pcm[];
  ended: boolean;
  sentSamples: number;
  totalSamples: number;
}

/** How often to check whether the output has room for more. */
const REFILL_MS = 100;

/** A call's playout. Phrases are told apart by identity (`===`). */
export class Playout<Phrase> implements Disposable {
  readonly #output: AudioOutput;
  readonly #lookaheadMs: number;
  readonly #events: PlayoutEvents<Phrase>;
  readonly #time: TimeSource;
  /** Not yet sent to their end, oldest first. */
  #pending: Queued<Phrase>[] = [];
  /** Sent in part or whole, not yet heard to the end, oldest first. */
  #sent: Queued<Phrase>[] = [];
  #marks = 0;
  #cancelRefill: (() => void) | undefined;
  #paused = false;
  #startedAt?: number;
  #pausedAt = 0;

  constructor(
    output: AudioOutput,
    options: {
      readonly lookaheadMs: number;
      readonly events: PlayoutEvents<Phrase>;
      readonly time?: TimeSource;
    },
  ) {
    this.#output = output;
    this.#lookaheadMs = options.lookaheadMs;
    this.#events = options.events;
    this.#time = options.time ?? SYSTEM_TIME;
  }

  /** Nothing is being played or waits to be. */
  get idle(): boolean {
    return this.#pending.length === 0 && this.#sent.length === 0;
  }

  /** When the phrase now being heard began (`performance.now()` time); undefined when none is. */
  get audibleSince(): number | undefined {
    return this.#paused ? undefined : this.#startedAt;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Adds a phrase after all others and returns where its audio goes. */
  add(phrase: Phrase): PhraseSink {
    const queued = this.#queue(phrase);
    this.#pending.push(queued);
    return queued;
  }

  /** Adds a phrase ahead of all that have not begun. */
  interject(phrase: Phrase): PhraseSink {
    const queued = this.#queue(phrase);
    const begun = (this.#pending[0]?.sentSamples ?? 0) > 0;
    this.#pending.splice(begun ? 1 : 0, 0, queued);
    return queued;
  }

  /** Drops one phrase, even while it is being played; phrases that have not begun are kept. */
  async drop(dropped: Phrase): Promise<void> {
    this.#pending = this.#pending.filter(({ phrase }) => phrase !== dropped);
    if (!this.#sent.some(({ phrase }) => phrase === dropped)) return;
    this.#sent = [];
    this.#startedAt = undefined;
    const flushed = this.#output.flush();
    if (this.#paused) this.#output.pause();
    await flushed;
  }

  #queue(phrase: Phrase): Queued<Phrase> {
    const queued: Queued<Phrase> = {
      phrase,
      mark: ++this.#marks,
      chunks: [],
      ended: false,
      sentSamples: 0,
      totalSamples: 0,
      write: (pcm) => {
        queued.chunks.push(pcm);
        queued.totalSamples += pcm.length;
        this.#pump();
      },
      end: () => {
        queued.ended = true;
        this.#pump();
      },
    };
    return queued;
  }

  /** Stops within a frame. */
  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#pausedAt = this.#time.now();
    this.#output.pause();
  }

  /** Continues where `pause` stopped. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#startedAt !== undefined) this.#startedAt += this.#time.now() - this.#pausedAt;
    this.#output.resume();
    this.#pump();
  }

  /** Drops everything; once it resolves, none of it can be heard. Phrases added meanwhile are kept. */
  async flush(): Promise<void> {
    this.#cancelRefill?.();
    this.#cancelRefill = undefined;
    this.#pending = [];
    this.#sent = [];
    this.#startedAt = undefined;
    this.#paused = false;
    await this.#output.flush();
  }

  /** Takes every mark that the line reports. */
  onMark(markId: string): void {
    const number = Number(markId.slice(1));
    const index = this.#sent.findIndex(({ mark }) => mark === number);
    if (index < 0) return;
    const { phrase } = this.#sent[index]!;
    if (markId.startsWith("s")) {
      this.#startedAt = this.#time.now();
      this.#events.onStarted(phrase);
      return;
    }
    this.#sent.splice(0, index + 1);
    if (this.#sent.length === 0) this.#startedAt = undefined;
    this.#events.onHeard(phrase);
  }

  [Symbol.dispose](): void {
    this.#cancelRefill?.();
    this.#pending = [];
    this.#sent = [];
  }

  #pump(): void {
    if (this.#paused) return;
    for (;;) {
      const next = this.#pending[0];
      if (!next) return;
      while (next.chunks.length > 0) {
        const roomMs = this.#lookaheadMs - this.#output.bufferedMs;
        if (roomMs <= 0) return this.#refillLater();
        this.#send(next, next.chunks.shift()!, roomMs);
      }
      if (!next.ended) return;
      this.#pending.shift();
      if (next.sentSamples === 0) this.#begin(next);
      this.#output.endOfPhrase(`e${next.mark}`);
    }
  }

  /** Sends a chunk, or as many whole frames of it as fit. */
  #send(queued: Queued<Phrase>, chunk: Pcm, roomMs: number): void {
    if (queued.sentSamples === 0) this.#begin(queued);
    const frames = Math.max(1, Math.floor(roomMs / durationMs(FRAME_SAMPLES)));
    const now = chunk.subarray(0, frames * FRAME_SAMPLES);
    if (now.length < chunk.length) queued.chunks.unshift(chunk.subarray(now.length));
    this.#output.send(now);
    const first = queued.sentSamples === 0;
    queued.sentSamples += now.length;
    if (first) this.#events.onQueued(queued.phrase);
  }

  #begin(queued: Queued<Phrase>): void {
    this.#sent.push(queued);
    this.#output.endOfPhrase(`s${queued.mark}`);
  }

  #refillLater(): void {
    this.#cancelRefill ??= this.#time.after(REFILL_MS, () => {
      this.#cancelRefill = undefined;
      this.#pump();
    });
  }

  /** The phrase being played, and how much of it the caller has heard. */
  get position(): Position<Phrase> {
    const first = this.#sent[0];
    if (!first || this.#startedAt === undefined) return { phrase: first?.phrase, heardFraction: 0 };
    const until = this.#paused ? this.#pausedAt : this.#time.now();
    const total = durationMs(first.totalSamples);
    const heardFraction = total === 0
      ? 0
      : Math.min(1, Math.max(0, until - this.#startedAt) / total);
    return { phrase: first.phrase, heardFraction };
  }
}

/** The beginning of `text` that `fraction` (0…1) of its audio covers, cut at a word. */
export function heardPrefix(text: string, fraction: number): string {
  if (fraction >= 1) return text;
  const cut = text.slice(0, Math.floor(text.length * fraction));
  return cut.slice(0, Math.max(0, cut.search(/\s\S*$/))).trimEnd();
}

/** A phrase's whole audio in one array, so that it can be played again without synthesis. */
export async function collect(chunks: AsyncIterable<Pcm>): Promise<Pcm> {
  const parts: Pcm[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return concatPcm(parts);
}
