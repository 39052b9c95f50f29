// The speech engine: every local model, shared by all calls. It lives in an isolate of its own,
// which wraps this class.

import type { MessagePort } from "node:worker_threads";
import * as Comlink from "comlink";
import { EngineSession, type SharedModels } from "./engine_session.ts";
import { comlinkEndpoint } from "./comlink_endpoint.ts";
import { isVadQuestion } from "./protocol.ts";
import { findModels } from "./models.ts";
import { RecognitionQueue } from "./recognition/recognition_queue.ts";
import { RecognizerThread } from "./recognition/recognizer_thread.ts";
import { SileroMemory, SileroModel } from "./vad/silero.ts";
import type { EngineStats } from "./stats.ts";
import { VadBatcher } from "./vad/vad_batcher.ts";
import { VoiceThread } from "./voice/voice_thread.ts";
import { VAD_WINDOW_SAMPLES } from "../vad.ts";

/** What of the engine is wanted. */
export interface EngineOptions {
  /** Recogniser threads, each with a model of its own (about 100 MB): 1 unless given; 0 when recognition is done elsewhere. */
  readonly recognizers?: number;
  /** Voices to have ready; none leaves espeak-ng (GPL-3) unloaded until a call asks for it. */
  readonly voices?: readonly string[];
  /** Told what is being loaded, for the operator. */
  readonly onProgress?: (progress: EngineProgress) => void;
  /** A model's thread died: the engine is of no more use. By default it ends by this error, uncaught. */
  readonly onFatal?: (error: Error) => void;
}

/** One step of loading has ended. */
export interface EngineProgress {
  readonly part: "vad" | "recognition" | "voice";
  readonly ms: number;
}

/** All local models, loaded and warm. */
export class SpeechEngine implements AsyncDisposable {
  readonly #silero: SileroModel;
  readonly #recognizers: readonly RecognizerThread[];
  readonly #models: SharedModels;
  readonly #sessions = new Map<MessagePort, EngineSession>();
  readonly #onFatal: (error: Error) => void;
  #voice: VoiceThread | undefined;
  #voiceReady: Promise<VoiceThread> | undefined;

  private constructor(
    silero: SileroModel,
    recognizers: readonly RecognizerThread[],
    onFatal: (error: Error) => void,
  ) {
    this.#silero = silero;
    this.#recognizers = recognizers;
    this.#onFatal = onFatal;
    this.#models = {
      vad: new VadBatcher(silero),
      recognition: new RecognitionQueue(recognizers),
      voice: () => this.#voiceReady ??= this.#loadVoice([]),
    };
  }

  /**
   * Loads the models and runs each once, so that no caller waits for a first inference.
   *
   * @throws {ModelFileError} when a model is missing.
   */
  static async create(options: EngineOptions = {}): Promise<SpeechEngine> {
    const files = findModels();
    const { recognizers: count = 1, voices = [] } = options;
    const onFatal = options.onFatal ?? reportError;
    const timed = async <T>(part: EngineProgress["part"], work: Promise<T>): Promise<T> => {
      const startedAt = performance.now();
      const result = await work;
      options.onProgress?.({ part, ms: performance.now() - startedAt });
      return result;
    };
    const silero = await timed("vad", loadSilero(files.vad));
    const recognizers = Array.from({ length: count }, () => new RecognizerThread(onFatal));
    const engine = new SpeechEngine(silero, recognizers, onFatal);
    try {
      await Promise.all([
        ...recognizers.map((recognizer) => timed("recognition", recognizer.load(files))),
        voices.length > 0 && timed("voice", engine.#voiceReady = engine.#loadVoice(voices)),
      ]);
      return engine;
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  /** Serves one call over its port, until the port is closed by either side. */
  expose(port: MessagePort): void {
    const session = new EngineSession(this.#models, (audio) => {
      port.postMessage(audio, [audio.pcm.buffer]);
    });
    this.#sessions.set(port, session);
    port.on("message", async (message) => {
      if (!isVadQuestion(message)) return;
      const answer = await session.vad(message);
      if (this.#sessions.has(port)) port.postMessage(answer);
    });
    port.on("close", () => {
      this.#sessions.delete(port);
      session[Symbol.dispose]();
    });
    Comlink.expose(session, comlinkEndpoint(port));
  }

  /** How busy the engine is. */
  stats(): EngineStats {
    const { vad, recognition } = this.#models;
    const voice = this.#voice;
    return {
      calls: this.#sessions.size,
      vad: {
        waiting: vad.waiting,
        batchSize: vad.batchSizes.summary(),
        latency: vad.latencies.summary(),
      },
      recognition: {
        waiting: recognition.waiting,
        urgentLatency: recognition.urgentLatencies.summary(),
        time: recognition.recognitionTimes.summary(),
        outcomes: { ...recognition.outcomes },
      },
      voice: voice && {
        waiting: voice.waiting,
        firstAudio: voice.firstAudioTimes.summary(),
        phrase: voice.phraseTimes.summary(),
      },
    };
  }

  /** Hangs up on all calls and frees the models. */
  async close(): Promise<void> {
    for (const port of this.#sessions.keys()) port.close();
    await Promise.all([
      ...this.#recognizers.map((recognizer) => recognizer.close()),
      this.#voice?.close(),
    ]);
    await this.#silero[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #loadVoice(voices: readonly string[]): Promise<VoiceThread> {
    const voice = this.#voice = new VoiceThread(this.#onFatal);
    await voice.load(voices);
    return voice;
  }
}

async function loadSilero(path: string): Promise<SileroModel> {
  const model = await SileroModel.load(path);
  const window = new Int16Array(VAD_WINDOW_SAMPLES);
  await model.probabilities([{ memory: new SileroMemory(), window }]);
  return model;
}
