// The protocol between a call isolate and the speech engine: Comlink, and messages beside it, on a
// MessagePort of that call's own. Call isolates load this file, so it imports no native code.

import type { Pcm } from "../../media/frame.ts";

/** How urgent a transcription is. */
export type Urgency =
  /** In mid-sentence: done only while nobody waits. */
  | "partial"
  /** The caller has paused, and may have finished. */
  | "pause"
  /** The caller's turn is over: they wait for an answer. */
  | "turn";

/** The outcome of a request to transcribe. */
export type TranscribeReply =
  | {
    readonly kind: "text";
    readonly text: string;
    /** The samples up to a pause: their text will not change, so they need not be sent again. */
    readonly settled: { readonly samples: number; readonly text: string };
    /** How long recognition took. */
    readonly ms: number;
  }
  /** It was cancelled, or a newer request of the same call, or one that waits for it, took its place. */
  | { readonly kind: "superseded" }
  /** A partial was refused because every recogniser is busy. */
  | { readonly kind: "busy" };

/** espeak-ng's default voice for each language. */
export const DEFAULT_VOICES = { ru: "ru", en: "en-us" } as const;

/** A phrase to be spoken. */
export interface SynthesizeRequest {
  /** Chosen by the call; identifies the phrase in `AudioMessage` and `cancelSynthesis`. */
  readonly id: number;
  readonly text: string;
  /** espeak-ng voice, e.g. "ru" or "en-us". */
  readonly voice: string;
  /** Speaking rate, 1 is normal. */
  readonly speed: number;
}

/**
 * Audio of phrase `phraseId`. It shares the port with Comlink's messages (which all have an `id`), so
 * a phrase's audio cannot arrive after the answer that says it is complete.
 */
export interface AudioMessage {
  readonly phraseId: number;
  readonly pcm: Pcm;
}

/** Whether a message of the port is audio. */
export function isAudioMessage(message: unknown): message is AudioMessage {
  return typeof message === "object" && message !== null && "phraseId" in message;
}

/**
 * Begins a call's voice detection: a `WindowRing`'s memory, through which its windows and their
 * probabilities travel from then on. A call sends one at most.
 */
export interface VadRingMessage {
  readonly vadRing: SharedArrayBuffer;
}

/** Whether a message to the engine brings a ring. */
export function isVadRing(message: unknown): message is VadRingMessage {
  return typeof message === "object" && message !== null && "vadRing" in message;
}

/** The engine as one call sees it. */
export interface EngineApi {
  /** Transcribes English speech. A newer request of the call supersedes the one before. */
  transcribe(pcm: Pcm, urgency: Urgency): Promise<TranscribeReply>;
  /** The call's turn is over: its transcription, asked for at a pause, is one that a caller waits for. */
  hurryTranscription(): void;
  /** Cancels the call's transcription. */
  cancelTranscription(): void;
  /** Sends a phrase as `AudioMessage`s; answers when all are sent. */
  synthesize(request: SynthesizeRequest): Promise<void>;
  cancelSynthesis(id: number): void;
}
