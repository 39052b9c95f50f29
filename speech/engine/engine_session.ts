// One call at the engine, served over its MessagePort.

import type { Pcm } from "../../media/frame.ts";
import type {
  AudioMessage,
  EngineApi,
  SynthesizeRequest,
  TranscribeReply,
  Urgency,
} from "./protocol.ts";
import type { RecognitionQueue } from "./recognition/recognition_queue.ts";
import type { VadBatcher } from "./vad/vad_batcher.ts";
import type { VoiceThread } from "./voice/voice_thread.ts";

/** The models that all calls share. */
export interface SharedModels {
  readonly vad: VadBatcher;
  readonly recognition: RecognitionQueue;
  /** The local voice, loaded at the first call of this. */
  voice(): Promise<Pick<VoiceThread, "speak">>;
}

/** Far longer than any utterance or phrase: what is over it is no request of a call that works. */
const MOST_SAMPLES = 10 * 60 * 16_000;
const MOST_CHARACTERS = 20_000;
/** A call renders its prompts all at once; an answer has a few phrases. */
const MOST_PHRASES = 200;

/**
 * Serves one call. What the call sends is data: a request that is none is refused before it reaches a
 * model, which other calls share.
 */
export class EngineSession implements EngineApi, Disposable {
  readonly #models: SharedModels;
  #lane: Disposable | undefined;
  readonly #phrases = new Map<number, AbortController>();
  readonly #send: (audio: AudioMessage) => void;

  /** @param send sends synthesised audio to the call. */
  constructor(models: SharedModels, send: (audio: AudioMessage) => void) {
    this.#models = models;
    this.#send = send;
  }

  /**
   * Answers the windows of the call's ring from now on.
   *
   * @throws {RangeError} for what is no ring, or a second one.
   */
  openVad(ring: unknown): void {
    if (this.#lane) throw new RangeError("a call has one ring of VAD windows");
    this.#lane = this.#models.vad.open(ring);
  }

  /** @throws {RangeError} for what is no audio, or more than ten minutes of it. */
  async transcribe(pcm: Pcm, urgency: Urgency): Promise<TranscribeReply> {
    if (!(pcm instanceof Int16Array) || pcm.length > MOST_SAMPLES) {
      throw new RangeError(`audio to transcribe is at most ${MOST_SAMPLES} 16-bit samples`);
    }
    return await this.#models.recognition.submit(this, pcm, urgency);
  }

  hurryTranscription(): void {
    this.#models.recognition.hurry(this);
  }

  cancelTranscription(): void {
    this.#models.recognition.cancel(this);
  }

  /** @throws {RangeError} for what is no phrase, or while too many of the call wait. */
  async synthesize(request: SynthesizeRequest): Promise<void> {
    checkPhrase(request);
    if (this.#phrases.size >= MOST_PHRASES) {
      throw new RangeError(
        `more than ${MOST_PHRASES} phrases of one call wait for the local voice`,
      );
    }
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
    this.#lane?.[Symbol.dispose]();
    this.cancelTranscription();
    for (const phrase of this.#phrases.values()) phrase.abort();
  }
}

function checkPhrase({ id, text, voice, speed }: SynthesizeRequest): void {
  const good = Number.isSafeInteger(id) && typeof text === "string" &&
    text.length <= MOST_CHARACTERS && typeof voice === "string" && voice.length <= 100 &&
    Number.isFinite(speed) && speed > 0 && speed <= 10;
  if (!good) throw new RangeError("a phrase has a number, a text, a voice and a speed up to 10");
}
