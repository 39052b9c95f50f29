// What a call isolate and the speech engine say to each other, over Comlink on a MessagePort of
// that call's own. No native code here: call isolates load this.

import type { Pcm } from "../../media/frame.ts";

/** How badly a transcription is wanted. */
export type Urgency =
  /** Nice to have: done only when nobody waits. */
  | "partial"
  /** The caller has paused or finished: somebody waits. */
  | "urgent";

/** What came of a request to transcribe. */
export type TranscribeReply =
  | {
    readonly kind: "text";
    readonly text: string;
    /** The first so many samples end in a pause, and their text will not change: need not be sent again. */
    readonly settled: { readonly samples: number; readonly text: string };
    /** Time spent recognising. */
    readonly ms: number;
  }
  /** A newer request of the same call (or a more urgent one of another) took its place. */
  | { readonly kind: "superseded" }
  /** A partial was asked for while the engine has better things to do. */
  | { readonly kind: "busy" };

/** espeak-ng's voice for each language. */
export const DEFAULT_VOICES = { ru: "ru", en: "en-us" } as const;

/** A phrase to be spoken. */
export interface SynthesizeRequest {
  /** Chosen by the call; names the phrase in `AudioMessage` and `cancelSynthesis`. */
  readonly id: number;
  readonly text: string;
  /** espeak-ng voice, e.g. "ru" or "en-us". */
  readonly voice: string;
  /** Speaking rate, 1 is normal. */
  readonly speed: number;
}

/**
 * Audio of phrase `phraseId`, sent over the same port beside Comlink's messages (which all have an
 * `id`): on one port, a phrase's audio cannot arrive after the answer that says it is complete.
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
 * The next window of a call, sent over the same port beside Comlink's messages: thirty a second,
 * and by Comlink each would cost both ends half as much again. Answered in order.
 */
export interface VadQuestion {
  readonly vadSeq: number;
  /** `VAD_WINDOW_SAMPLES` long. */
  readonly window: Pcm;
}

/** The probability (0…1) that a window holds speech, or why there is none. */
export type VadAnswer =
  | { readonly vadSeq: number; readonly probability: number }
  | { readonly vadSeq: number; readonly failed: string };

/** Whether a message that the engine is sent is a window. */
export function isVadQuestion(message: unknown): message is VadQuestion {
  return typeof message === "object" && message !== null && "vadSeq" in message;
}

/** Whether a message that a call is sent is the answer to one. */
export function isVadAnswer(message: unknown): message is VadAnswer {
  return typeof message === "object" && message !== null && "vadSeq" in message;
}

/** The engine as one call sees it. */
export interface EngineApi {
  /** The next window does not continue the last. */
  resetVad(): void;
  /** Transcribes English speech; a call has one transcription at a time, the newest. */
  transcribe(pcm: Pcm, urgency: Urgency): Promise<TranscribeReply>;
  /** The call's transcription is no longer wanted. */
  cancelTranscription(): void;
  /** Speaks a phrase as `AudioMessage`s; answers when all were sent. */
  synthesize(request: SynthesizeRequest): Promise<void>;
  cancelSynthesis(id: number): void;
}
