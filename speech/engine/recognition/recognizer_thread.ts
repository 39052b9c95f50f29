// A recogniser as the engine sees it: a thread with a Moonshine model.

import * as Comlink from "comlink";
import type { Pcm } from "../../../media/frame.ts";
import type { ModelFiles } from "../models.ts";
import { ModelThread } from "../model_thread.ts";
import type { Recognizer } from "./recognition_queue.ts";
import type { RecognizerService } from "./recognizer_thread_main.ts";
import type { Transcription } from "./transcribe.ts";

/** One recogniser thread. */
export class RecognizerThread implements Recognizer {
  readonly #thread: ModelThread<RecognizerService>;

  /** `onFatal` is told when the thread dies. */
  constructor(onFatal: (error: Error) => void) {
    const module = new URL("./recognizer_thread_main.ts", import.meta.url);
    this.#thread = new ModelThread("recogniser", module, onFatal);
  }

  load(files: ModelFiles): Promise<void> {
    return this.#thread.answer(this.#thread.service.load(files));
  }

  /** The audio is handed over: it is empty afterwards. */
  transcribe(pcm: Pcm): Promise<Transcription | undefined> {
    const { service } = this.#thread;
    return this.#thread.answer(service.transcribe(Comlink.transfer(pcm, [pcm.buffer])));
  }

  abort(): void {
    // A thread that cannot abort is dead, which `transcribe` reports.
    this.#thread.service.abort().catch(() => undefined);
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}
