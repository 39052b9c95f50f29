// A stand-in for Yandex SpeechKit v3, recognition and synthesis, speaking the services' own
// protocol. It hears and speaks tones (tone_speech.ts) unless given another voice and ear.
// Behaviour follows the SpeechKit documentation: "Streaming speech recognition" (limits, order of
// events), "Detecting the end of utterance", "Quotas and limits", "Authentication".

import * as grpc from "@grpc/grpc-js";
import { pause } from "../../../runtime/waiting.ts";
import type { Pcm } from "../../../media/frame.ts";
import { serviceDefinition } from "../../../speech/yandex/channel.ts";
import { Faults } from "../faults.ts";
import { Front } from "../front.ts";
import { fromTones, toTones } from "../speech/tone_speech.ts";
import type {
  Access,
  ServerContext,
  SpokenPiece,
  SttSession,
  TtsRequest,
} from "./yandex_context.ts";
import { recognizeStreaming } from "./yandex_stt_behaviour.ts";
import { streamSynthesis, utteranceSynthesis } from "./yandex_tts_behaviour.ts";

/** Options of a test server. */
export interface YandexServerOptions {
  /** Makes the server listen with TLS as well (`tlsEndpoint`). PEM texts. */
  readonly certificate?: { readonly cert: string; readonly key: string };
  /** Speaks whole texts, 16 kHz; by default each word is spoken in tones. */
  readonly voice?: (text: string) => Promise<Pcm>;
  /** Text of 16 kHz audio. */
  readonly ear?: (pcm: Pcm) => string;
  /** Milliseconds between two pieces of synthesised audio; 0 sends them as fast as possible. */
  readonly ttsPaceMs?: number;
  /** Limits of a recognition session; by default the documented ones. */
  readonly sttLimits?: {
    readonly audioMs: number;
    readonly bytes: number;
    readonly idleMs: number;
  };
}

/** The server. */
export class YandexGrpcServer implements AsyncDisposable, ServerContext {
  readonly access: Access = {
    allowed: new Set(["Api-Key test-key"]),
    users: new Set(),
    folderId: "test-folder",
  };
  readonly pieces: ServerContext["pieces"];
  readonly ear: (pcm: Pcm) => string;
  readonly ttsPaceMs: number;
  readonly sttLimits: ServerContext["sttLimits"];
  readonly sttSessions: SttSession[] = [];
  readonly ttsRequests: TtsRequest[] = [];
  readonly sttFaults = new Faults();
  readonly ttsFaults = new Faults();
  openStreams = 0;
  readonly #server = new grpc.Server();
  #insidePort = 0;
  #door: Front | undefined;
  #tlsDoor: Front | undefined;
  #port = 0;

  private constructor(options: YandexServerOptions) {
    const { voice } = options;
    this.pieces = voice ? async (text) => cut(text, await voice(text)) : inTones;
    this.ear = options.ear ?? fromTones;
    this.ttsPaceMs = options.ttsPaceMs ?? 0;
    this.sttLimits = options.sttLimits ?? { audioMs: 300_000, bytes: 10_000_000, idleMs: 5_000 };
  }

  static async start(options: YandexServerOptions = {}): Promise<YandexGrpcServer> {
    const server = new YandexGrpcServer(options);
    await server.#listen();
    const { certificate } = options;
    if (certificate) server.#tlsDoor = new Front(server.#insidePort, { certificate });
    return server;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** `host:port` with TLS; the certificate must be for localhost. */
  get tlsEndpoint(): string {
    return `localhost:${this.#tlsDoor!.port}`;
  }

  /** Drops all connections and accepts no new ones, like a killed process. */
  async goAway(): Promise<void> {
    await this.#door?.[Symbol.asyncDispose]();
    this.#door = undefined;
  }

  /** Listens again on the same port. */
  comeBack(): void {
    this.#door = new Front(this.#insidePort, { port: this.#port });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tlsDoor?.[Symbol.asyncDispose]();
    await this.goAway();
    // See front.ts: the library's server aborts the process if it ends with open streams.
    while (this.openStreams > 0) await pause(1);
    this.#server.forceShutdown();
  }

  async #listen(): Promise<void> {
    this.#server.addService(serviceDefinition("stt"), {
      RecognizeStreaming: recognizeStreaming(this),
    });
    this.#server.addService(serviceDefinition("tts"), {
      UtteranceSynthesis: utteranceSynthesis(this),
      StreamSynthesis: streamSynthesis(this),
    });
    const bound = Promise.withResolvers<number>();
    this.#server.bindAsync(
      "127.0.0.1:0",
      grpc.ServerCredentials.createInsecure(),
      (error, port) => error ? bound.reject(error) : bound.resolve(port),
    );
    this.#insidePort = await bound.promise;
    this.#door = new Front(this.#insidePort);
    this.#port = this.#door.port;
  }
}

function inTones(text: string): SpokenPiece[] {
  return (text.match(/\s*\S+/g) ?? []).map((word) => ({ text: word, pcm: toTones(word) }));
}

/** A voice's audio word by word, located by the lengths of the words. */
function cut(text: string, pcm: Pcm): SpokenPiece[] {
  const words = text.match(/\s*\S+/g) ?? [];
  const at = (characters: number) => Math.round(pcm.length * characters / text.length);
  let characters = 0;
  return words.map((word) => {
    const from = characters;
    characters += word.length;
    return { text: word, pcm: pcm.slice(at(from), at(characters)) };
  });
}
