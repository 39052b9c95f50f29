// OpenAI transcription, made to stream. It takes only whole recordings, so a caller's speech is sent
// in pieces while they are still speaking, and the texts are stitched. When they finish, only the
// last piece is left to transcribe.

import type OpenAI from "openai";
import {
  concatPcm,
  durationMs,
  levelDbfs,
  type Pcm,
  SAMPLE_RATE_HZ,
  samplesIn,
} from "../../media/frame.ts";
import { writeWav } from "../../media/wav.ts";
import {
  AsrError,
  type AsrOptions,
  type AsrProvider,
  type AsrUtterance,
  type Transcript,
} from "../asr.ts";
import type { HttpService } from "../http_service.ts";
import { LevelMeter } from "../../media/level_meter.ts";
import { joinTexts, stitch } from "../../language/heard/stitch.ts";
import { openAiFailure, openAiService } from "./client.ts";

/** A pause that a piece can end in. */
const PAUSE_MS = 100;
/** A piece without a pause is cut at this multiple of its intended length. */
const LONGEST_PIECE = 1.4;
/** Quieter pieces hold no speech. Models make words up when they are given silence. */
const SILENCE_DBFS = -65;
/** OpenAI requires at least 0.1 s. */
const SHORTEST_MS = 120;

/** The parameters of transcription. */
export interface OpenAiAsrOptions {
  readonly model: string;
  /** CHUNK_STREAMING_SECONDS, in milliseconds. */
  readonly pieceMs: number;
  /** CHUNK_OVERLAP_MS. */
  readonly overlapMs: number;
}

/** OpenAI's recogniser. */
export class OpenAiAsr implements AsrProvider {
  readonly name = "openai";
  readonly #client: OpenAI;
  readonly #options: OpenAiAsrOptions;
  readonly #service: HttpService;

  constructor(client: OpenAI, options: OpenAiAsrOptions) {
    this.#client = client;
    this.#options = options;
    this.#service = openAiService(client, "transcription");
  }

  open(options: AsrOptions): AsrUtterance {
    return new OpenAiUtterance(options, this.#options, async (audio, signal) => {
      try {
        const { text } = await this.#client.audio.transcriptions.create({
          file: new File([writeWav(audio, SAMPLE_RATE_HZ)], "speech.wav", { type: "audio/wav" }),
          model: this.#options.model,
          language: options.language,
          response_format: "json",
        }, { signal });
        return text.trim();
      } catch (error) {
        const failure = openAiFailure(this.#service, error);
        throw new AsrError(failure.message, { cause: failure });
      }
    });
  }
}

type Transcribe = (audio: Pcm, signal: AbortSignal) => Promise<string>;

/** A piece of the utterance. */
interface Piece {
  /** Its audio begins with the end of the piece before. */
  readonly overlaps: boolean;
  /** Undefined until it is transcribed. */
  text: string | undefined;
}

class OpenAiUtterance implements AsrUtterance {
  readonly #options: AsrOptions;
  readonly #pieceMs: number;
  readonly #overlapMs: number;
  readonly #transcribe: Transcribe;
  readonly #level = new LevelMeter();
  readonly #abort = new AbortController();
  readonly #pieces: Piece[] = [];
  /** Audio that is not in a piece yet. */
  #open: Pcm[] = [];
  #openSamples = 0;
  #openOverlaps = false;
  /** The open audio as it was at the last checkpoint or at the end, while it is transcribed. */
  #tail: { readonly piece: Piece; readonly abort: AbortController } | undefined;
  /** Only quiet has come since the tail was taken. */
  #tailCovers = false;
  #checkpointPending = false;
  #reported = "";
  #finished: PromiseWithResolvers<Transcript> | undefined;
  #failure: AsrError | undefined;

  constructor(
    options: AsrOptions,
    { pieceMs, overlapMs }: OpenAiAsrOptions,
    transcribe: Transcribe,
  ) {
    this.#options = options;
    this.#pieceMs = pieceMs;
    this.#overlapMs = overlapMs;
    this.#transcribe = transcribe;
    if (options.signal.aborted) this.#abort.abort();
    options.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  push(pcm: Pcm): void {
    if (this.#abort.signal.aborted || this.#finished) return;
    this.#level.push(pcm);
    if (this.#level.quietMs === 0) this.#tailCovers = false;
    this.#open.push(pcm);
    this.#openSamples += pcm.length;
    const openMs = durationMs(this.#openSamples);
    if (openMs < this.#pieceMs) return;
    if (this.#level.quietMs >= PAUSE_MS) this.#cut(false);
    else if (openMs >= this.#pieceMs * LONGEST_PIECE) this.#cut(true);
  }

  checkpoint(): void {
    if (this.#abort.signal.aborted || this.#finished) return;
    this.#checkpointPending = true;
    if (!this.#tailCovers) this.#takeTail();
    this.#onChange();
  }

  finish(): Promise<Transcript> {
    if (this.#finished) return this.#finished.promise;
    this.#finished = Promise.withResolvers();
    if (this.#failure) this.#finished.reject(this.#failure);
    else if (this.#abort.signal.aborted) this.#finished.resolve({ text: this.#text, final: false });
    else {
      if (!this.#tailCovers) this.#takeTail();
      this.#onChange();
    }
    return this.#finished.promise;
  }

  get #text(): string {
    const pieces = this.#tail ? [...this.#pieces, this.#tail.piece] : this.#pieces;
    return pieces.reduce(
      (text, piece) =>
        piece.overlaps ? stitch(text, piece.text ?? "") : joinTexts([text, piece.text ?? ""]),
      "",
    );
  }

  get #settled(): boolean {
    return this.#pieces.every(({ text }) => text !== undefined) &&
      this.#tail?.piece.text !== undefined;
  }

  /** Makes a piece of the open audio and begins the next one: at a pause, or with an overlap. */
  #cut(overlap: boolean): void {
    const audio = concatPcm(this.#open);
    const kept = overlap ? audio.slice(-samplesIn(this.#overlapMs) || audio.length) : undefined;
    this.#dropTail();
    this.#pieces.push(this.#begin(audio, this.#abort.signal));
    this.#open = kept ? [kept] : [];
    this.#openSamples = kept?.length ?? 0;
    this.#openOverlaps = overlap;
  }

  #takeTail(): void {
    this.#dropTail();
    const abort = new AbortController();
    const signal = AbortSignal.any([abort.signal, this.#abort.signal]);
    this.#tailCovers = true;
    this.#tail = { abort, piece: this.#begin(concatPcm(this.#open), signal) };
  }

  #dropTail(): void {
    this.#tail?.abort.abort();
    this.#tail = undefined;
    this.#tailCovers = false;
  }

  #begin(audio: Pcm, signal: AbortSignal): Piece {
    const piece: Piece = { overlaps: this.#openOverlaps, text: undefined };
    if (levelDbfs(audio) < SILENCE_DBFS || audio.length === 0) {
      piece.text = "";
      return piece;
    }
    const missing = samplesIn(SHORTEST_MS) - audio.length;
    const whole = missing > 0 ? concatPcm([audio, new Int16Array(missing)]) : audio;
    this.#transcribe(whole, signal).then((text) => {
      piece.text = text;
      this.#onChange();
    }, (error) => {
      if (!signal.aborted) this.#fail(error);
    });
    return piece;
  }

  #onChange(): void {
    if (this.#abort.signal.aborted) return;
    const settled = this.#settled;
    const text = this.#text;
    if (this.#finished) {
      if (!settled) return;
      this.#unsubscribe();
      return this.#finished.resolve({ text, final: true });
    }
    const answersCheckpoint = this.#checkpointPending && settled;
    if (answersCheckpoint) this.#checkpointPending = false;
    if (text === this.#reported && !answersCheckpoint) return;
    this.#reported = text;
    this.#options.onPartial({ text, final: false });
  }

  #fail(error: AsrError): void {
    if (this.#failure || this.#abort.signal.aborted) return;
    this.#failure = error;
    this.#unsubscribe();
    this.#abort.abort();
    if (this.#finished) this.#finished.reject(error);
    else this.#options.onFailure?.(error);
  }

  readonly #onAbort = () => {
    this.#abort.abort();
    this.#finished?.resolve({ text: this.#text, final: false });
  };

  #unsubscribe(): void {
    this.#options.signal.removeEventListener("abort", this.#onAbort);
  }
}
