// One call at the engine, served over its MessagePort.

import type { Pcm } from "../../media/frame.ts";
import { messageOf } from "../../runtime/error_text.ts";
import type {
  AudioMessage,
  EngineApi,
  SynthesizeRequest,
  TranscribeReply,
  Urgency,
  VadAnswer,
  VadQuestion,
} from "./protocol.ts";
import type { RecognitionQueue } from "./recognition/recognition_queue.ts";
import type { VadBatcher, VadLane } from "./vad/vad_batcher.ts";
import type { VoiceThread } from "./voice/voice_thread.ts";

/** The models that all calls share. */
export interface SharedModels {
  readonly vad: VadBatcher;
  readonly recognition: RecognitionQueue;
  /** The local voice, loaded at the first call of this. */
  voice(): Promise<Pick<VoiceThread, "speak">>;
}

/** Serves one call. */
export class EngineSession implements EngineApi, Disposable {
  readonly #models: SharedModels;
  readonly #lane: VadLane;
  readonly #phrases = new Map<number, AbortController>();
  readonly #send: (audio: AudioMessage) => void;

  /** @param send sends synthesised audio to the call. */
  constructor(models: SharedModels, send: (audio: AudioMessage) => void) {
    this.#models = models;
    this.#send = send;
    this.#lane = models.vad.open();
  }

  /** Answers a window; never rejects. */
  async vad({ vadSeq, window }: VadQuestion): Promise<VadAnswer> {
    try {
      return { vadSeq, probability: await this.#lane.probability(window) };
    } catch (error) {
      return { vadSeq, failed: messageOf(error) };
    }
  }

  resetVad(): void {
    this.#lane.reset();
  }

  transcribe(pcm: Pcm, urgency: Urgency): Promise<TranscribeReply> {
    return this.#models.recognition.submit(this, pcm, urgency);
  }

  cancelTranscription(): void {
    this.#models.recognition.cancel(this);
  }

  async synthesize(request: SynthesizeRequest): Promise<void> {
    const phrase = new AbortController();
    this.#phrases.set(request.id, phrase);
    try {
      const voice = await this.#models.voice();
      const emit = (pcm: Pcm) => this.#send({ phraseId: request.id, pcm });
      await voice.speak(request, emit, phrase.signal);
    } finally {
      this.#phrases.delete(request.id);
    }
  }

  cancelSynthesis(id: number): void {
    this.#phrases.get(id)?.abort();
  }

  [Symbol.dispose](): void {
    this.#lane[Symbol.dispose]();
    this.cancelTranscription();
    for (const phrase of this.#phrases.values()) phrase.abort();
  }
}
