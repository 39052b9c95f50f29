// The speech services' servers: REST and gRPC answers, taken by the recognisers and the voices.

import * as grpc from "@grpc/grpc-js";
import { settingsWith } from "../../../config/read_settings.ts";
import { pcmToBytes } from "../../../media/frame.ts";
import { AsrError } from "../../../speech/asr.ts";
import { configuredServices } from "../../../speech/configured_services.ts";
import { ServiceFailure } from "../../../speech/failure.ts";
import { FailoverAsr } from "../../../speech/failover/failover_asr.ts";
import { FailoverTts } from "../../../speech/failover/failover_tts.ts";
import type { AsrService, TtsService } from "../../../speech/failover/service_list.ts";
import { TtsError } from "../../../speech/tts.ts";
import { serviceDefinition } from "../../../speech/yandex/channel.ts";
import { Front } from "../../servers/front.ts";
import type { Border, Gate } from "../border.ts";
import type { Mutator } from "../mutator.ts";
import { HostileServer } from "./answers.ts";

/** How long a service may take, in ms; the hostile ones answer at once or end. */
const TIMEOUT_MS = 300;
const TONE = Int16Array.from({ length: 4800 }, (_, i) => 8000 * Math.sin(i / 6));

/** OpenAI's and Yandex's REST services. */
export const restSpeech: Border = {
  name: "speech-rest",
  share: 0.004,
  live: false,
  async open() {
    const server = new HostileServer(({ url }) => {
      const { pathname } = new URL(url);
      if (pathname.endsWith("/transcriptions")) return { json: { text: "What is the price?" } };
      return { bytes: pcmToBytes(TONE) };
    });
    const services = await configuredServices(
      settingsWith({
        ASR_PROVIDER: ["openai"],
        TTS_PROVIDER: ["openai", "yandex"],
        OPENAI_API_KEY: "sk-hostile-run",
        OPENAI_BASE_URL: `${server.url}/v1`,
        YANDEX_API_KEY: "hostile-run",
        YANDEX_TTS_V1_ENDPOINT: server.url,
        YANDEX_TTS_ENDPOINT: server.url,
        SPEECH_FIRST_BYTE_TIMEOUT_MS: TIMEOUT_MS,
        SPEECH_STALL_TIMEOUT_MS: TIMEOUT_MS,
      }),
      undefined,
      {},
    );
    const voices = services.voices.filter(({ name }) => name !== "yandex");
    return {
      async take(mutator) {
        server.use(mutator);
        const which = mutator.below(voices.length + 1);
        const voice = voices[which];
        if (voice) await speak(voice);
        else await hear(services.recognisers[0]!);
        return server.seen;
      },
      async [Symbol.asyncDispose]() {
        await services[Symbol.asyncDispose]();
        await server[Symbol.asyncDispose]();
      },
    } satisfies Gate;
  },
};

/** Yandex's gRPC services: well-framed messages that hold anything. */
export const grpcSpeech: Border = {
  name: "speech-grpc",
  share: 0.004,
  live: false,
  async open() {
    let mutator: Mutator | undefined;
    let seen: string[] = [];
    const answer = (samples: readonly Uint8Array[]) => (call: RawCall) => {
      // A client that has gone is no concern of a server's.
      call.on("error", () => {});
      const messages = mutator ? hostileMessages(mutator, samples) : [];
      seen = messages.map((bytes) => bytes.toHex());
      for (const message of messages) call.write(message);
      if (!mutator?.chance(0.4)) return void call.end();
      const details = String(mutator.odd());
      seen.push(details);
      call.emit("error", { code: mutator.below(20), details });
    };
    const server = new grpc.Server();
    server.addService(raw("stt"), { RecognizeStreaming: answer(samplesOf("stt")) });
    server.addService(raw("tts"), {
      UtteranceSynthesis: answer(samplesOf("tts")),
      StreamSynthesis: answer(samplesOf("tts")),
    });
    const bound = Promise.withResolvers<number>();
    server.bindAsync(
      "127.0.0.1:0",
      grpc.ServerCredentials.createInsecure(),
      (error, port) => error ? bound.reject(error) : bound.resolve(port),
    );
    const front = new Front(await bound.promise);
    const endpoint = `http://127.0.0.1:${front.port}`;
    const services = await configuredServices(
      settingsWith({
        ASR_PROVIDER: ["yandex"],
        TTS_PROVIDER: ["yandex"],
        YANDEX_API_KEY: "hostile-run",
        YANDEX_STT_ENDPOINT: endpoint,
        YANDEX_TTS_ENDPOINT: endpoint,
        SPEECH_FIRST_BYTE_TIMEOUT_MS: TIMEOUT_MS,
        SPEECH_STALL_TIMEOUT_MS: TIMEOUT_MS,
      }),
      undefined,
      {},
    );
    return {
      async take(next) {
        mutator = next;
        if (next.chance(0.5)) await speak(services.voices[0]!);
        else await hear(services.recognisers[0]!);
        return seen.join(" ");
      },
      async [Symbol.asyncDispose]() {
        await services[Symbol.asyncDispose]();
        await front[Symbol.asyncDispose]();
        server.forceShutdown();
      },
    } satisfies Gate;
  },
};

type RawCall =
  | grpc.ServerWritableStream<unknown, Uint8Array>
  | grpc.ServerDuplexStream<unknown, Uint8Array>;

/** What a good server sends. */
const SAMPLES = {
  stt: [
    { status_code: { code_type: "WORKING" } },
    {
      audio_cursors: { received_data_ms: 300, partial_time_ms: 300, final_index: 0 },
      partial: { alternatives: [{ text: "what is", start_time_ms: 0, end_time_ms: 200 }] },
    },
    {
      audio_cursors: { received_data_ms: 300, final_time_ms: 300, final_index: 0 },
      final: { alternatives: [{ text: "what is the price", start_time_ms: 0, end_time_ms: 300 }] },
    },
    {
      final_refinement: {
        final_index: 0,
        normalized_text: { alternatives: [{ text: "What is the price?", end_time_ms: 300 }] },
      },
    },
    { eou_update: { time_ms: 300 }, audio_cursors: { eou_time_ms: 300 } },
  ],
  tts: [
    {
      audio_chunk: { data: pcmToBytes(TONE) },
      text_chunk: { text: "The price" },
      start_ms: 0,
      length_ms: 300,
    },
    {
      audio_chunk: { data: pcmToBytes(TONE) },
      text_chunk: { text: " is seven." },
      start_ms: 300,
      length_ms: 300,
    },
  ],
};

function samplesOf(service: "stt" | "tts"): Uint8Array[] {
  const [method] = Object.values(serviceDefinition(service));
  return SAMPLES[service].map((message) => new Uint8Array(method!.responseSerialize(message)));
}

/** The service, with answers that are bytes already. */
function raw(service: "stt" | "tts"): grpc.ServiceDefinition {
  return Object.fromEntries(
    Object.entries(serviceDefinition(service)).map(([name, method]) => [
      name,
      { ...method, responseSerialize: (bytes: Uint8Array) => Buffer.from(bytes) },
    ]),
  );
}

function hostileMessages(mutator: Mutator, samples: readonly Uint8Array[]): Uint8Array[] {
  const order = mutator.chance(0.3) ? mutator.random.shuffled(samples) : samples;
  return order.flatMap((sample) => {
    if (mutator.chance(0.15)) return [];
    const message = mutator.chance(0.5) ? mutator.bytes(sample) : sample;
    return mutator.chance(0.1) ? [message, message] : [message];
  });
}

/** Hears something, as a call does: with the timeouts of a service that another one may replace. */
async function hear(service: AsrService): Promise<void> {
  const recogniser = new FailoverAsr([service], () => {});
  const cancel = new AbortController();
  try {
    const utterance = recogniser.open({
      language: "en",
      signal: cancel.signal,
      onPartial: ({ text }) => text.length,
    });
    utterance.push(TONE);
    utterance.checkpoint();
    const { text } = await utterance.finish();
    if (typeof text !== "string") throw new Error(`the text is a ${typeof text}`);
  } catch (error) {
    if (!(error instanceof AsrError) && !(error instanceof ServiceFailure)) throw error;
  } finally {
    cancel.abort();
  }
}

async function speak(service: TtsService): Promise<void> {
  const voice = new FailoverTts([service], undefined, () => {});
  const cancel = new AbortController();
  try {
    for await (
      const pcm of voice.synthesize("The price.", { language: "en", signal: cancel.signal })
    ) {
      if (!(pcm instanceof Int16Array)) throw new Error("speech that is no audio");
    }
  } catch (error) {
    if (!(error instanceof TtsError) && !(error instanceof ServiceFailure)) throw error;
  } finally {
    cancel.abort();
  }
}
