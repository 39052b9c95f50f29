// The voice thread, as the engine uses it. Its code is voice_thread_main.ts.

import type { Pcm } from "../../../media/frame.ts";
import { ModelThread } from "../model_thread.ts";
import { isAudioMessage, type SynthesizeRequest } from "../protocol.ts";
import { Distribution } from "../stats.ts";
import type { VoiceService } from "./voice_thread_main.ts";

/** A thread with espeak-ng, shared by all calls. */
export class VoiceThread {
  readonly #thread: ModelThread<VoiceService>;
  readonly #listeners = new Map<number, (pcm: Pcm) => void>();
  #lastId = 0;

  /** Milliseconds from a request to its first audio, and to its last. */
  readonly firstAudioTimes: Distribution = new Distribution();
  readonly phraseTimes: Distribution = new Distribution();

  /** @param onFatal called when the thread dies. */
  constructor(onFatal: (error: Error) => void) {
    const module = new URL("./voice_thread_main.ts", import.meta.url);
    this.#thread = new ModelThread("voice", module, onFatal);
    this.#thread.onMessage((message) => {
      if (isAudioMessage(message)) this.#listeners.get(message.phraseId)?.(message.pcm);
    });
  }

  /** Phrases waiting or being spoken. */
  get waiting(): number {
    return this.#listeners.size;
  }

  /** Loads espeak-ng and prepares `voices`. */
  load(voices: readonly string[]): Promise<void> {
    return this.#thread.answer(this.#thread.service.load([...voices]));
  }

  /**
   * Speaks one phrase; `emit` takes 16 kHz audio as it is made. Ends without an error when aborted.
   *
   * @throws when espeak-ng does not have the voice.
   */
  async speak(
    request: SynthesizeRequest,
    emit: (pcm: Pcm) => void,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted) return;
    // The request's own id is unique within its call only.
    const id = ++this.#lastId;
    const requestedAt = performance.now();
    let first = true;
    const { service } = this.#thread;
    // If this fails the thread is dead, which `speak` reports.
    const cancel = () => void service.cancel(id).catch(() => undefined);
    signal.addEventListener("abort", cancel, { once: true });
    this.#listeners.set(id, (pcm) => {
      if (signal.aborted) return;
      if (first) this.firstAudioTimes.add(performance.now() - requestedAt);
      first = false;
      emit(pcm);
    });
    try {
      await this.#thread.answer(service.speak({ ...request, id }));
      this.phraseTimes.add(performance.now() - requestedAt);
    } finally {
      signal.removeEventListener("abort", cancel);
      this.#listeners.delete(id);
    }
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}
