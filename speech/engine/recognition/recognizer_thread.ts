// A recogniser thread, as the engine uses it. Its code is recognizer_thread_main.ts.

import * as Comlink from "comlink";
import type { Pcm } from "../../../media/frame.ts";
import type { ModelFiles } from "../models.ts";
import { ModelThread } from "../model_thread.ts";
import type { Recognizer } from "./recognition_queue.ts";
import type { RecognizerService } from "./recognizer_thread_main.ts";
import type { Transcription } from "./transcribe.ts";

/** A thread with a Moonshine model of its own. */
export class RecognizerThread implements Recognizer {
  readonly #thread: ModelThread<RecognizerService>;

  /** @param onFatal called when the thread dies. */
  constructor(onFatal: (error: Error) => void) {
    const module = new URL("./recognizer_thread_main.ts", import.meta.url);
    this.#thread = new ModelThread("recogniser", module, onFatal);
  }

  /** Loads the model and warms it up. */
  load(files: ModelFiles): Promise<void> {
    return this.#thread.answer(this.#thread.service.load(files));
  }

  /** Transcribes 16 kHz speech; undefined when aborted. `pcm` is transferred, so it is empty afterwards. */
  transcribe(pcm: Pcm): Promise<Transcription | undefined> {
    const { service } = this.#thread;
    return this.#thread.answer(service.transcribe(Comlink.transfer(pcm, [pcm.buffer])));
  }

  /** Ends the running transcription. */
  abort(): void {
    // If this fails the thread is dead, which `transcribe` reports.
    this.#thread.service.abort().catch(() => undefined);
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}
