import assert from "node:assert/strict";
import type { Pcm } from "../../media/frame.ts";
import { collect, NEVER } from "../audio_rig.ts";
import { fromTones, toTones } from "../../tests/servers/speech/tone_speech.ts";
import { AnswerStream, type StreamingTts } from "./answer_stream.ts";
import { TtsError } from "../tts.ts";

/** Speaks each text as it comes; after `breaksAfter` texts it fails. */
function voice(breaksAfter = Infinity): StreamingTts & { signal?: AbortSignal } {
  return {
    name: "streaming",
    synthesize: () => assert.fail("phrase by phrase"),
    async *synthesizeStream(texts, { signal }) {
      this.signal = signal;
      let index = 0;
      for await (const text of texts) {
        if (index === breaksAfter) throw new TtsError("the stream broke");
        for (const word of text.split(" ")) yield { index, pcm: toTones(word) };
        index++;
      }
    },
  };
}

async function heard(audio: AsyncIterable<Pcm>): Promise<string> {
  return fromTones(await collect(audio));
}

Deno.test("an answer goes to the voice in one stream, and each phrase's audio comes separately", async () => {
  const stream = new AnswerStream(voice(), { language: "ru", signal: NEVER });
  const phrases = ["раз два", "три", "четыре пять"].map((text) => heard(stream.say(text)));
  stream.end();
  assert.deepEqual(await Promise.all(phrases), ["раз два", "три", "четыре пять"]);
});

Deno.test("a phrase is heard while the model is still writing the next one", async () => {
  const stream = new AnswerStream(voice(), { language: "ru", signal: NEVER });
  const first = stream.say("раз")[Symbol.asyncIterator]();
  assert.equal(fromTones((await first.next()).value!), "раз");
  const second = heard(stream.say("два"));
  assert.equal((await first.next()).done, true, "the next phrase's audio ends the first");
  stream.end();
  assert.equal(await second, "два");
});

Deno.test("when the stream breaks, phrases not yet spoken fail, and so do later ones", async () => {
  const stream = new AnswerStream(voice(1), { language: "ru", signal: NEVER });
  const first = stream.say("раз")[Symbol.asyncIterator]();
  assert.equal(fromTones((await first.next()).value!), "раз");
  await assert.rejects(heard(stream.say("два")), TtsError);
  await assert.rejects(heard(stream.say("три")), TtsError);
});

Deno.test("a barge-in reaches the voice, and nothing waits for more text", async () => {
  const abort = new AbortController();
  const streaming = voice();
  const stream = new AnswerStream(streaming, { language: "ru", signal: abort.signal });
  const phrase = heard(stream.say("раз"));
  abort.abort();
  assert.equal(await phrase, "раз");
  assert.equal(streaming.signal?.aborted, true);
});
