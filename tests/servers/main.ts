// All stand-in speech services in one process: `deno run -A tests/servers/main.ts`. Prints the settings
// that use them as one JSON line, answers each line on standard input with a line of counts, and ends with
// standard input.

import { createInterface } from "node:readline";
import process from "node:process";
import { OpenAiSpeechServer } from "./openai/openai_speech_server.ts";
import { YandexGrpcServer } from "./yandex/yandex_grpc_server.ts";
import { YandexRestServer } from "./yandex/yandex_rest_server.ts";

await using grpc = await YandexGrpcServer.start({ ttsPaceMs: Number(Deno.args[0] ?? 0) });
await using rest = new YandexRestServer();
await using openai = new OpenAiSpeechServer();

print({
  YANDEX_API_KEY: "test-key",
  YANDEX_STT_ENDPOINT: grpc.endpoint,
  YANDEX_TTS_ENDPOINT: grpc.endpoint,
  YANDEX_TTS_V1_ENDPOINT: rest.endpoint,
  YANDEX_IAM_ENDPOINT: rest.endpoint,
  OPENAI_API_KEY: "sk-test",
  OPENAI_BASE_URL: openai.baseUrl,
});

for await (const _ of createInterface({ input: process.stdin })) {
  print({
    openStreams: grpc.openStreams,
    sttSessions: grpc.sttSessions.length,
    ttsRequests: grpc.ttsRequests.length,
    cancelled: grpc.ttsRequests.filter(({ outcome }) => outcome === "cancelled").length,
  });
}

function print(value: object): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(value)}\n`));
}
