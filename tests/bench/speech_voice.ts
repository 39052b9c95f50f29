// Measures the time from the service's first byte of speech to the first frame at the transport, and how
// much of a long sentence is audible before it is fully synthesised.

import { Speaker } from "../../actors/call/speaker.ts";
import { durationMs, type Pcm } from "../../media/frame.ts";
import { Playout } from "../../media/playout/playout.ts";
import type { AudioOutput } from "../../media/audio_output.ts";
import { createSpeech, type Speech } from "../../speech/mod.ts";
import { wordsOf } from "../servers/speech/tone_speech.ts";
import { YandexGrpcServer } from "../servers/yandex/yandex_grpc_server.ts";
import { line, row } from "./print.ts";
import { yandexOnly } from "./speech_setup.ts";

const PHRASES = 200;
const MODES = ["utterance", "stream"] as const;

/** Prints both, for one request per phrase and for one stream per answer. */
export async function benchVoice(): Promise<void> {
  for (const mode of MODES) {
    await firstFrame(mode);
    await longSentence(mode);
  }
}

async function firstFrame(mode: typeof MODES[number]): Promise<void> {
  await using server = await YandexGrpcServer.start({ ttsPaceMs: 5 });
  await using speech = await createSpeech(yandexOnly(server, { YANDEX_TTS_MODE: mode }), undefined);
  await speech.warm();
  using speaker = new BenchSpeaker(speech);
  const delays: number[] = [];
  for (let i = 0; i < PHRASES; i++) {
    const { firstAt } = await speaker.say(`раз два ${i}`);
    delays.push(firstAt - server.ttsRequests.at(-1)!.sentAt[0]!);
  }
  await row(`service's first byte to the transport, ${mode}`, delays, "p95 10 ms");
}

async function longSentence(mode: typeof MODES[number]): Promise<void> {
  await using server = await YandexGrpcServer.start({ ttsPaceMs: 20 });
  await using speech = await createSpeech(yandexOnly(server, { YANDEX_TTS_MODE: mode }), undefined);
  await speech.warm();
  let synthesised = 0;
  using speaker = new BenchSpeaker(
    speech,
    () => synthesised = server.ttsRequests[0]!.sentAt.length,
  );
  const text = Array.from({ length: 21 }, (_, i) => `слово${i % 10}`).join(" ");
  const { samples } = await speaker.say(text);
  const left = 100 * (1 - synthesised / wordsOf(text).length);
  await line(
    `${
      `sentence of ${(durationMs(samples) / 1000).toFixed(1)} s, ${mode}:`.padEnd(44)
    } audible with ${left.toFixed(0)} % unsynthesised   aim: 80 %`,
  );
}

/** A call's speaker and playout, on an output that plays immediately. */
class BenchSpeaker implements Disposable {
  readonly #playout: Playout<number>;
  readonly #speaker: Speaker<number>;
  #spoken = Promise.withResolvers<void>();
  #said = 0;
  #firstAt?: number;
  #samples = 0;

  constructor(speech: Speech, onFirst: () => void = () => {}) {
    const played: AudioOutput = {
      bufferedMs: 0,
      send: (pcm: Pcm) => {
        if (this.#firstAt === undefined) {
          this.#firstAt = performance.now();
          onFirst();
        }
        this.#samples += pcm.length;
      },
      endOfPhrase: (markId) => queueMicrotask(() => this.#playout.onMark(markId)),
      pause: () => {},
      resume: () => {},
      flush: () => Promise.resolve(),
    };
    this.#playout = new Playout(played, {
      lookaheadMs: 2000,
      events: {
        onQueued: () => {},
        onStarted: () => {},
        onHeard: () => this.#spoken.resolve(),
      },
    });
    this.#speaker = new Speaker({
      call: "bench",
      tts: speech.tts,
      language: "ru",
      playout: this.#playout,
      parallel: () => 2,
      retries: 0,
      mayKeep: () => false,
      prepared: new Map(),
      events: {
        onFirstByte: () => {},
        onFailed: (_, error) => this.#spoken.reject(error),
      },
    });
  }

  /** Speaks a one-phrase answer to its end. */
  async say(text: string): Promise<{ readonly firstAt: number; readonly samples: number }> {
    this.#spoken = Promise.withResolvers();
    this.#firstAt = undefined;
    this.#samples = 0;
    this.#speaker.say(this.#said++, text);
    this.#speaker.complete();
    await this.#spoken.promise;
    return { firstAt: this.#firstAt ?? NaN, samples: this.#samples };
  }

  [Symbol.dispose](): void {
    this.#speaker[Symbol.dispose]();
    this.#playout[Symbol.dispose]();
  }
}
