// The streaming speech services of a benchmark, in a process of their own, whose cost is not the
// service's: Yandex's own protocol, a real voice, and an ear that knows what may be asked. Prints the
// service's settings as a JSON line and ends with its input. Arguments: delay in ms, the questions'
// language.

import { createInterface } from "node:readline";
import process from "node:process";
import {
  ENGLISH_CALLER,
  RUSSIAN_CALLER,
  RUSSIAN_SERVICE,
  spokenBy,
} from "../../../testing/voice.ts";
import { YandexGrpcServer } from "../../servers/yandex/yandex_grpc_server.ts";
import { QUESTIONS } from "./callers/questions.ts";
import { WarpedEar } from "./warped_ear.ts";

const [delay, language] = Deno.args as [string, "en" | "ru"];
const caller = language === "en" ? ENGLISH_CALLER : RUSSIAN_CALLER;
const script = [];
for (const text of QUESTIONS[language]) script.push({ text, pcm: await spokenBy(caller, text) });
const ear = new WarpedEar(script);
await using server = await YandexGrpcServer.start({
  voice: (text) => spokenBy(language === "en" ? ENGLISH_CALLER : RUSSIAN_SERVICE, text),
  ear: (pcm) => ear.hear(pcm),
});
const ms = Number(delay);
if (ms > 0) {
  server.sttFaults.always({ kind: "slow", ms });
  server.ttsFaults.always({ kind: "slow", ms });
}
const settings = {
  ASR_PROVIDER: "yandex",
  TTS_PROVIDER: "yandex",
  YANDEX_API_KEY: "test-key",
  YANDEX_STT_ENDPOINT: server.endpoint,
  YANDEX_TTS_ENDPOINT: server.endpoint,
  // Each phrase travels: a cache would hide what a voice's stream costs.
  TTS_CACHE_MB: "0",
};
Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(settings)}\n`));
for await (const _ of createInterface({ input: process.stdin }));
Deno.exit(0);
