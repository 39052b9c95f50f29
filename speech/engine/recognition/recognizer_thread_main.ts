// Entry point of a recogniser thread.

import { parentPort } from "node:worker_threads";
import * as Comlink from "comlink";
import type { Pcm } from "../../../media/frame.ts";
import { comlinkEndpoint } from "../comlink_endpoint.ts";
import type { ModelFiles } from "../models.ts";
import { MoonshineModel } from "./moonshine.ts";
import { transcribe, type Transcription } from "./transcribe.ts";

/** Serves the engine, one transcription at a time. */
export class RecognizerService {
  #model: MoonshineModel | undefined;
  #running: AbortController | undefined;

  /** Loads the model and runs it once, so that no caller waits for its first inference. */
  async load(files: ModelFiles): Promise<void> {
    this.#model = await MoonshineModel.load(files);
    await this.#model.recognize(new Int16Array(16_000), new AbortController().signal);
  }

  /** Transcribes 16 kHz speech; undefined when aborted. */
  async transcribe(pcm: Pcm): Promise<Transcription | undefined> {
    if (!this.#model) throw new Error("the recogniser is asked to transcribe before it is loaded");
    const running = this.#running = new AbortController();
    try {
      return await transcribe(this.#model, pcm, running.signal);
    } catch (error) {
      if (running.signal.aborted) return undefined;
      throw error;
    }
  }

  /** Ends the running transcription at its next step. */
  abort(): void {
    this.#running?.abort();
  }
}

if (parentPort) Comlink.expose(new RecognizerService(), comlinkEndpoint(parentPort));
