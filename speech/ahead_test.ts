import assert from "node:assert/strict";
import { concatPcm, type Pcm } from "../media/frame.ts";
import { fromTones, toTones } from "../tests/servers/tone_speech.ts";
import { SpeechAhead } from "./ahead.ts";
import { TtsError, type TtsOptions, type TtsProvider } from "./tts.ts";

/** A voice whose phrases are ready when the test says so. */
class SteeredVoice implements TtsProvider {
  readonly name = "steered";
  readonly asked: string[] = [];
  readonly cancelled: string[] = [];
  readonly #ready = new Map<string, PromiseWithResolvers<void>>();

  ready(text: string): PromiseWithResolvers<void> {
    let gate = this.#ready.get(text);
    if (!gate) this.#ready.set(text, gate = Promise.withResolvers());
    return gate;
  }

  async *synthesize(text: string, { signal }: TtsOptions) {
    this.asked.push(text);
    signal.addEventListener("abort", () => {
      this.cancelled.push(text);
      this.ready(text).resolve();
    }, { once: true });
    await this.ready(text).promise;
    if (!signal.aborted) yield toTones(text);
  }
}

function setUp(parallel = 2) {
  const voice = new SteeredVoice();
  const abort = new AbortController();
  const ahead = new SpeechAhead(voice, { language: "ru", parallel, signal: abort.signal });
  return { voice, abort, ahead };
}

async function heard(ahead: SpeechAhead): Promise<string[]> {
  const phrases: string[] = [];
  for await (const { audio } of ahead) {
    const parts: Pcm[] = [];
    for await (const pcm of audio) parts.push(pcm);
    phrases.push(fromTones(concatPcm(parts)));
  }
  return phrases;
}

Deno.test("phrases are heard in their order, whichever is ready first", async () => {
  const { voice, ahead } = setUp(3);
  for (const text of ["раз", "два", "три"]) ahead.say(text);
  ahead.end();
  for (const text of ["три", "два", "раз"]) voice.ready(text).resolve();
  assert.deepEqual(await heard(ahead), ["раз", "два", "три"]);
});

Deno.test("so many phrases are made at once and no more, however long the answer", async () => {
  const { voice, ahead } = setUp(2);
  for (const text of ["раз", "два", "три", "четыре"]) ahead.say(text);
  ahead.end();
  assert.deepEqual(voice.asked, ["раз", "два"]);
  const phrases = ahead[Symbol.asyncIterator]();
  const first = (await phrases.next()).value!;
  voice.ready("два").resolve();
  await Promise.resolve();
  assert.deepEqual(voice.asked, ["раз", "два"], "a phrase not yet read keeps its place");
  voice.ready("раз").resolve();
  for await (const _ of first.audio);
  assert.deepEqual(voice.asked, ["раз", "два", "три"]);
});

Deno.test("a phrase said while the one before is playing is made at once", async () => {
  const { voice, ahead } = setUp(2);
  ahead.say("раз");
  const phrases = ahead[Symbol.asyncIterator]();
  await phrases.next();
  ahead.say("два");
  assert.deepEqual(voice.asked, ["раз", "два"]);
});

Deno.test("a barge-in cancels all that is being made, and nothing more comes", async () => {
  const { voice, abort, ahead } = setUp(2);
  for (const text of ["раз", "два", "три"]) ahead.say(text);
  const everything = heard(ahead);
  abort.abort();
  assert.deepEqual((await everything).join(""), "");
  assert.deepEqual(voice.cancelled, ["раз", "два"]);
  ahead.say("четыре");
  assert.deepEqual(voice.asked, ["раз", "два"]);
});

Deno.test("a phrase that fails does not take the others with it", async () => {
  const { voice, ahead } = setUp(2);
  for (const text of ["раз", "два"]) ahead.say(text);
  ahead.end();
  voice.ready("раз").reject(new TtsError("no voice"));
  voice.ready("два").resolve();
  const told: string[] = [];
  for await (const { text, audio } of ahead) {
    try {
      for await (const pcm of audio) told.push(fromTones(pcm));
    } catch (error) {
      assert.ok(error instanceof TtsError);
      told.push(`${text} failed`);
    }
  }
  assert.deepEqual(told, ["раз failed", "два"]);
});

Deno.test("a voice that speaks whole answers gets the phrases in one stream", async () => {
  const voice: TtsProvider = {
    name: "streaming",
    synthesize: () => assert.fail("phrase by phrase"),
    async *synthesizeStream(texts) {
      let index = 0;
      for await (const text of texts) yield { index: index++, pcm: toTones(text) };
    },
  };
  const { signal } = new AbortController();
  const ahead = new SpeechAhead(voice, { language: "ru", parallel: 2, signal });
  const everything = heard(ahead);
  for (const text of ["раз", "два", "три"]) ahead.say(text);
  ahead.end();
  assert.deepEqual(await everything, ["раз", "два", "три"]);
});
