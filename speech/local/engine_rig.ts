// A speech engine whose answers a test decides, and a call that uses it.

import { MessageChannel, type MessagePort } from "node:worker_threads";
import * as Comlink from "comlink";
import type { Language } from "../../config/language.ts";
import { type Pcm, SAMPLE_RATE_HZ } from "../../media/frame.ts";
import type { AsrUtterance } from "../asr.ts";
import { collect, NEVER } from "../audio_rig.ts";
import {
  type EngineApi,
  isVadRing,
  type SynthesizeRequest,
  type TranscribeReply,
  type Urgency,
} from "../engine/protocol.ts";
import { comlinkEndpoint } from "../engine/comlink_endpoint.ts";
import { WindowRing } from "../engine/vad/window_ring.ts";
import { VAD_WINDOW_SAMPLES } from "../vad.ts";
import { connectEngine, type LocalSpeech, type LocalSpeechOptions } from "./mod.ts";

/** An engine whose answers a test decides. Its text is how long the audio was. */
export class FakeEngine implements EngineApi {
  /** Undefined: the engine stands still. */
  vadAnswer: () => number | undefined = () => 0.75;
  transcribeAnswer: ((pcm: Pcm) => Promise<TranscribeReply>) | undefined;
  chunks: number[] = [1, 2, 3];
  synthesizeEnds: () => Promise<void> = () => Promise.resolve();

  windows = 0;
  /** Windows that began a stream. */
  streams = 0;
  cancelledTranscriptions = 0;
  hurried = 0;
  readonly urgencies: Urgency[] = [];
  readonly phrases: SynthesizeRequest[] = [];
  readonly cancelledPhrases: number[] = [];
  #port: MessagePort | undefined;

  connect(options: LocalSpeechOptions = {}): LocalSpeech {
    return this.serve((port) => connectEngine(port, options));
  }

  /** Gives the call's end of a new channel to `take`. */
  serve<T>(take: (port: MessagePort) => T): T {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    Comlink.expose(this, comlinkEndpoint(port1));
    port1.on("message", (message) => {
      if (isVadRing(message)) this.#answer(port1, new WindowRing(message.vadRing));
    });
    return take(port2);
  }

  die(): void {
    this.#port!.close();
  }

  #answer(port: MessagePort, ring: WindowRing): void {
    const beat = setInterval(() => {
      const window = ring.next();
      const probability = window && this.vadAnswer();
      if (probability === undefined) return;
      this.windows++;
      if (window!.fresh) this.streams++;
      ring.answer(probability);
    }, 1);
    port.on("close", () => clearInterval(beat));
  }

  transcribe(pcm: Pcm, urgency: Urgency): Promise<TranscribeReply> {
    this.urgencies.push(urgency);
    return this.transcribeAnswer?.(pcm) ?? Promise.resolve({
      kind: "text",
      text: `${(pcm.length / SAMPLE_RATE_HZ).toFixed(1)} s`,
      settled: { samples: 0, text: "" },
      ms: 1,
    });
  }

  hurryTranscription(): void {
    this.hurried++;
  }

  cancelTranscription(): void {
    this.cancelledTranscriptions++;
  }

  async synthesize(request: SynthesizeRequest): Promise<void> {
    this.phrases.push(request);
    for (const sample of this.chunks) {
      this.#port!.postMessage({ phraseId: request.id, pcm: Int16Array.of(sample) });
    }
    await this.synthesizeEnds();
  }

  cancelSynthesis(id: number): void {
    this.cancelledPhrases.push(id);
  }
}

export function open(local: LocalSpeech, partials: string[] = []): AsrUtterance {
  return local.asr.open({
    language: "en",
    signal: NEVER,
    onPartial: ({ text }) => partials.push(text),
  });
}

export async function speak(local: LocalSpeech, language: Language): Promise<Pcm> {
  return await collect(local.tts.synthesize("Да, yes.", { language, signal: NEVER }));
}

export function voice(ms: number): Pcm {
  return new Int16Array(ms * SAMPLE_RATE_HZ / 1000).map((_, i) => 8000 * Math.sin(i / 5));
}

export function voiceWindow(): Pcm {
  return voice(1000).slice(0, VAD_WINDOW_SAMPLES);
}

export function silentWindow(): Pcm {
  return new Int16Array(VAD_WINDOW_SAMPLES);
}

/** What a call's voice detection makes of a window, looked for as with frames that keep coming. */
export async function heardBy({ vad }: Pick<LocalSpeech, "vad">, window: Pcm): Promise<number> {
  const frames = setInterval(() => vad.look(), 1);
  try {
    return await vad.probability(window);
  } finally {
    clearInterval(frames);
  }
}
