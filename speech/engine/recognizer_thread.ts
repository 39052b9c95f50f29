// The recogniser's own thread. onnxruntime-node's `run` computes on the thread that calls it, so
// recognising beside the VAD would hold up every call's windows for the length of an encoder run.

import { parentPort } from "node:worker_threads";
import * as Comlink from "comlink";
import { comlinkEndpoint } from "./endpoint.ts";
import { MoonshineModel } from "./moonshine.ts";
import type { ModelFiles } from "./models.ts";
import { transcribe, type Transcription } from "./transcribe.ts";
import type { Pcm } from "../../media/frame.ts";

/** What the engine asks of a recogniser thread. One transcription at a time. */
export class RecognizerThread {
  #model: MoonshineModel | undefined;
  #running: AbortController | undefined;

  /** Loads the model and runs it once, so that the first caller does not wait for that. */
  async load(files: ModelFiles): Promise<void> {
    this.#model = await MoonshineModel.load(files);
    await this.#model.recognize(new Int16Array(16_000), AbortSignal.timeout(60_000));
  }

  /** Transcribes; undefined when `abort` was called meanwhile. */
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

if (parentPort) Comlink.expose(new RecognizerThread(), comlinkEndpoint(parentPort));
