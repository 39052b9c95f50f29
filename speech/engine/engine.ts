// The speech engine: all local models, shared by all calls. It runs in an isolate of its own
// (actors/engine).

import type { MessagePort } from "node:worker_threads";
import * as Comlink from "comlink";
import { logger } from "../../config/logging.ts";
import { VAD_WINDOW_SAMPLES } from "../vad.ts";
import { comlinkEndpoint } from "./comlink_endpoint.ts";
import { EngineSession, type SharedModels } from "./engine_session.ts";
import { findModels } from "./models.ts";
import { isVadRing } from "./protocol.ts";
import { RecognitionQueue } from "./recognition/recognition_queue.ts";
import { RecognizerThread } from "./recognition/recognizer_thread.ts";
import type { EngineStats } from "./stats.ts";
import { SileroMemory, SileroModel } from "./vad/silero.ts";
import { VadBatcher } from "./vad/vad_batcher.ts";
import { VoiceThread } from "./voice/voice_thread.ts";
import type { WantedModels } from "./wanted_models.ts";

const log = logger("engine");

/**
 * Which models to load, by default one recogniser and no voice. Without a voice, espeak-ng (GPL-3)
 * stays unloaded until a call asks for it.
 */
export interface EngineOptions extends Partial<WantedModels> {
  /** Called when a part has loaded. */
  readonly onProgress?: (progress: EngineProgress) => void;
  /** Called when a model's thread dies, which makes the engine useless. By default the error is uncaught. */
  readonly onFatal?: (error: Error) => void;
}

/** A part of the engine has loaded. */
export interface EngineProgress {
  readonly part: "vad" | "recognition" | "voice";
  /** How long it took. */
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
      vad: new VadBatcher(silero, (error) => log.error("voice detection failed", { error })),
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

  /** Serves one call over its port until either side closes it. */
  expose(port: MessagePort): void {
    const session = new EngineSession(this.#models, (audio) => {
      port.postMessage(audio, [audio.pcm.buffer]);
    });
    this.#sessions.set(port, session);
    port.on("message", (message) => {
      if (isVadRing(message)) openVad(session, message.vadRing);
    });
    port.on("close", () => {
      this.#sessions.delete(port);
      session[Symbol.dispose]();
    });
    Comlink.expose(session, comlinkEndpoint(port));
  }

  /** How busy the engine is. For one reader: the longest waits are those since it asked before. */
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
        recognizers: recognition.recognizers,
        busyMs: recognition.busyMs,
        waiting: recognition.waiting,
        longestWaitMs: recognition.takeLongestWait(),
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

  /** Closes the ports of all calls and frees the models. */
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

/** A ring that is none leaves its call to loudness, which the call reports. */
function openVad(session: EngineSession, ring: unknown): void {
  try {
    session.openVad(ring);
  } catch (error) {
    log.warn("a call's ring of VAD windows is refused", { error });
  }
}

async function loadSilero(path: string): Promise<SileroModel> {
  const model = await SileroModel.load(path);
  const window = new Int16Array(VAD_WINDOW_SAMPLES);
  await model.probabilities([{ memory: new SileroMemory(), window }]);
  return model;
}
