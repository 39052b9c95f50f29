// Entry point of the voice thread.

import { parentPort } from "node:worker_threads";
import * as Comlink from "comlink";
import { comlinkEndpoint } from "../comlink_endpoint.ts";
import type { AudioMessage, SynthesizeRequest } from "../protocol.ts";
import { LocalVoice } from "./local_voice.ts";

/** Serves the engine. */
export class VoiceService {
  readonly #send: (audio: AudioMessage) => void;
  readonly #phrases = new Map<number, AbortController>();
  #voice: LocalVoice | undefined;

  /** @param send sends audio to the engine. */
  constructor(send: (audio: AudioMessage) => void) {
    this.#send = send;
  }

  /** Loads espeak-ng and prepares `voices`. */
  async load(voices: readonly string[]): Promise<void> {
    this.#voice = await LocalVoice.load(voices);
  }

  /** Speaks a phrase; answers when all its audio is sent. */
  async speak(request: SynthesizeRequest): Promise<void> {
    if (!this.#voice) throw new Error("the voice is asked to speak before it is loaded");
    const phrase = new AbortController();
    this.#phrases.set(request.id, phrase);
    try {
      await this.#voice.speak(
        request,
        (pcm) => this.#send({ phraseId: request.id, pcm }),
        phrase.signal,
      );
    } finally {
      this.#phrases.delete(request.id);
    }
  }

  /** Ends a phrase early. */
  cancel(id: number): void {
    this.#phrases.get(id)?.abort();
  }
}

if (parentPort) {
  const engine = parentPort;
  const service = new VoiceService((audio) => engine.postMessage(audio, [audio.pcm.buffer]));
  Comlink.expose(service, comlinkEndpoint(engine));
}
