import assert from "node:assert/strict";
import { fromTones } from "../../../tests/servers/speech/tone_speech.ts";
import { startEndlessServer } from "../../../tests/servers/endless_server.ts";
import { YandexRestServer } from "../../../tests/servers/yandex/yandex_rest_server.ts";
import { TEST_KEY } from "../../../tests/servers/yandex/yandex_setup.ts";
import { isTooLarge } from "../../../runtime/bounded_fetch.ts";
import { collect, NEVER } from "../../audio_rig.ts";
import { failureOf } from "../../failure.ts";
import type { Credentials } from "../auth/credentials.ts";
import { YandexRestTts } from "./tts_rest.ts";

const JANE = { voice: "jane", role: "good", speed: 1.2 };

async function speak(server: YandexRestServer, text: string, credentials: Credentials = TEST_KEY) {
  const tts = new YandexRestTts(server.endpoint, JANE, credentials);
  return await collect(tts.synthesize(text, { language: "ru", signal: NEVER }));
}

Deno.test("the REST fallback asks for the same voice as raw PCM at 16 kHz", async () => {
  await using server = new YandexRestServer();
  assert.equal(fromTones(await speak(server, "Добрый день!")), "добрый день");
  assert.deepEqual(server.v1Requests, [{
    authorization: "Api-Key test-key",
    form: {
      text: "Добрый день!",
      lang: "ru-RU",
      voice: "jane",
      emotion: "good",
      speed: "1.2",
      format: "lpcm",
      sampleRateHertz: "16000",
    },
  }]);
});

Deno.test("a voice of the REST fallback that never ends is cut off", async () => {
  await using server = startEndlessServer(new Uint8Array(1_000_000));
  const tts = new YandexRestTts(server.url, JANE, TEST_KEY);
  await assert.rejects(
    collect(tts.synthesize("да", { language: "ru", signal: NEVER })),
    isTooLarge,
  );
  await server.left;
});

Deno.test("the REST fallback names the folder for a user only", async () => {
  await using server = new YandexRestServer();
  await speak(server, "да", {
    ...TEST_KEY,
    proof: () => Promise.resolve({ authorization: "Api-Key test-key", folderId: "folder" }),
  });
  assert.equal(server.v1Requests[0]!.form.folderId, "folder");
});

Deno.test("ten thousand characters go through the REST fallback completely", async () => {
  await using server = new YandexRestServer();
  const text = Array.from({ length: 1200 }, (_, i) => `слово${i}`).join(" ");
  assert.equal(fromTones(await speak(server, text)), text);
});

Deno.test("each failure of the REST fallback states its code", async () => {
  await using server = new YandexRestServer();
  server.ttsFaults.next(
    { kind: "refuse", code: "INVALID_ARGUMENT" },
    { kind: "refuse", code: "RESOURCE_EXHAUSTED" },
    { kind: "empty" },
  );
  for (const code of ["HTTP 400", "HTTP 429", "EMPTY"]) {
    await assert.rejects(
      speak(server, "раз"),
      (error) => failureOf(error, "yandex-rest").code === code,
    );
  }
});

Deno.test("an expired token is replaced and the request is sent once more", async () => {
  await using server = new YandexRestServer();
  const proofs = ["Bearer old", "Api-Key test-key"];
  await speak(server, "раз", {
    kind: "user",
    proof: () => Promise.resolve({ authorization: proofs.shift()! }),
    refused: () => true,
  });
  assert.deepEqual(server.v1Requests.map(({ authorization }) => authorization), [
    "Bearer old",
    "Api-Key test-key",
  ]);
});
