import assert from "node:assert/strict";
import { samplesIn } from "../../media/frame.ts";
import type { Pcm } from "../../media/frame.ts";
import type { PhraseSink } from "../../media/playout/playout.ts";
import { TtsError, type TtsProvider } from "../../speech/tts.ts";
import { settle } from "./conversation/conversation_rig.ts";
import { Speaker } from "./speaker.ts";

/** What was played, phrase by phrase, in the order they were added. */
class Played {
  readonly phrases: { readonly id: string; readonly texts: string[]; ended: boolean }[] = [];

  add(id: string): PhraseSink {
    const phrase = { id, texts: [] as string[], ended: false };
    this.phrases.push(phrase);
    return this.#sinkOf(phrase);
  }

  interject(id: string): PhraseSink {
    const phrase = { id, texts: [] as string[], ended: false };
    this.phrases.unshift(phrase);
    return this.#sinkOf(phrase);
  }

  #sinkOf(phrase: Played["phrases"][number]): PhraseSink {
    return {
      write: (pcm) => void phrase.texts.push(textOf(pcm)),
      end: () => void (phrase.ended = true),
    };
  }

  get texts(): string[] {
    return this.phrases.map(({ texts, ended }) => texts.join(" ") + (ended ? "." : ""));
  }
}

/** Audio that can be read back. */
function audioOf(text: string): Pcm {
  return Int16Array.from(text, (letter) => letter.codePointAt(0)!);
}

function textOf(pcm: Pcm): string {
  return String.fromCodePoint(...pcm);
}

function setUp(tts: TtsProvider, retries = 0) {
  const played = new Played();
  const failed: string[] = [];
  const speaker = new Speaker({
    call: "c1",
    tts,
    language: "en",
    playout: played,
    parallel: () => 2,
    retries,
    mayKeep: (text) => text !== "Yours, Anna.",
    prepared: new Map([["Hello.", new Int16Array(samplesIn(20)).fill(33)]]),
    events: {
      onFirstByte: () => {},
      onFailed: (phrase) => failed.push(phrase),
    },
  });
  return { speaker, played, failed };
}

/** A voice for single phrases, each ready when the test says so. */
class PhraseVoice implements TtsProvider {
  readonly name = "phrases";
  readonly asked: string[] = [];
  readonly kept: string[] = [];
  readonly cancelled: string[] = [];
  readonly #gates = new Map<string, PromiseWithResolvers<void>>();

  gate(text: string): PromiseWithResolvers<void> {
    const gate = this.#gates.get(text) ?? Promise.withResolvers<void>();
    this.#gates.set(text, gate);
    return gate;
  }

  async *synthesize(text: string, { signal, keep }: { signal: AbortSignal; keep?: boolean }) {
    this.asked.push(text);
    if (keep) this.kept.push(text);
    signal.addEventListener("abort", () => {
      this.cancelled.push(text);
      this.gate(text).resolve();
    }, { once: true });
    await this.gate(text).promise;
    yield audioOf(text);
  }
}

/** A voice that speaks an answer in one stream; it breaks for good at the text `breaksAt`. */
class StreamVoice implements TtsProvider {
  readonly name = "streams";
  readonly streams: string[][] = [];
  readonly alone: string[] = [];
  readonly cancelled: number[] = [];

  constructor(readonly breaksAt?: string, readonly breaksInside = false) {}

  async *synthesize(text: string) {
    this.alone.push(text);
    await Promise.resolve();
    yield audioOf(text);
  }

  async *synthesizeStream(
    texts: AsyncIterable<string>,
    { signal }: { readonly signal: AbortSignal },
  ) {
    const got: string[] = [];
    const number = this.streams.push(got) - 1;
    signal.addEventListener("abort", () => this.cancelled.push(number), { once: true });
    let index = 0;
    for await (const text of texts) {
      if (signal.aborted) return;
      got.push(text);
      if (text === this.breaksAt) {
        yield { index, pcm: this.breaksInside ? audioOf(text) : new Int16Array(0) };
        throw new TtsError("the stream broke, and no other voice is there");
      }
      yield { index: index++, pcm: audioOf(text) };
    }
  }
}

Deno.test("phrases are synthesised side by side, at most two at a time, and played in their order", async () => {
  const voice = new PhraseVoice();
  const { speaker, played } = setUp(voice);
  for (const text of ["one", "two", "three"]) speaker.say(text, text);
  assert.deepEqual(voice.asked, ["one", "two"]);
  voice.gate("two").resolve();
  await settle();
  assert.deepEqual(voice.asked, ["one", "two", "three"]);
  voice.gate("one").resolve();
  voice.gate("three").resolve();
  await settle();
  assert.deepEqual(played.texts, ["one.", "two.", "three."]);
});

Deno.test("only what holds nothing of the caller's may be kept for others", async () => {
  const voice = new PhraseVoice();
  const { speaker } = setUp(voice);
  for (const text of ["Goodbye.", "Yours, Anna."]) speaker.say(text, text);
  await settle();
  assert.deepEqual(voice.kept, ["Goodbye."]);
});

Deno.test("a barge-in cancels the phrases being synthesised, at the voice too, and those waiting are never begun", async () => {
  const voice = new PhraseVoice();
  const { speaker, played } = setUp(voice);
  for (const text of ["one", "two", "three"]) speaker.say(text, text);
  speaker.cancel();
  await settle();
  assert.deepEqual(voice.cancelled, ["one", "two"]);
  assert.deepEqual(voice.asked, ["one", "two"]);
  assert.deepEqual(played.texts, ["", "", ""]);
});

Deno.test("a voice that can stream speaks each answer in one stream", async () => {
  const voice = new StreamVoice();
  const { speaker, played } = setUp(voice);
  speaker.say("1.0", "one");
  await settle();
  assert.deepEqual(played.texts, ["one"], "heard while the answer is still being written");
  speaker.say("1.1", "two");
  speaker.complete();
  speaker.say("2.0", "three");
  speaker.complete();
  await settle();
  assert.deepEqual(voice.streams, [["one", "two"], ["three"]]);
  assert.deepEqual(played.texts, ["one.", "two.", "three."]);
  assert.deepEqual(voice.alone, []);
});

Deno.test("a sentence rendered beforehand keeps its place in an answer, and takes no part in the stream", async () => {
  const voice = new StreamVoice();
  const { speaker, played } = setUp(voice);
  speaker.say("0.0", "Hello.");
  speaker.say("0.1", "one");
  speaker.complete();
  await settle();
  assert.deepEqual(voice.streams, [["one"]]);
  assert.ok(played.phrases.every(({ ended }) => ended));
  assert.deepEqual(played.phrases.map(({ id }) => id), ["0.0", "0.1"]);
});

Deno.test("a barge-in cancels the answer's stream, and the next answer has one of its own", async () => {
  const voice = new StreamVoice();
  const { speaker, played } = setUp(voice);
  speaker.say("1.0", "one");
  await settle();
  speaker.cancel();
  speaker.say("2.0", "two");
  speaker.complete();
  await settle();
  assert.deepEqual(voice.cancelled, [0]);
  assert.deepEqual(voice.streams, [["one"], ["two"]]);
  assert.deepEqual(played.texts, ["one", "two."]);
});

Deno.test("when a stream fails for good, the phrases it did not reach are spoken one by one, each once", async () => {
  const voice = new StreamVoice("two");
  const { speaker, played, failed } = setUp(voice);
  for (const text of ["one", "two", "three"]) speaker.say(text, text);
  await settle();
  speaker.say("four", "four");
  speaker.complete();
  await settle();
  assert.deepEqual(played.texts, ["one.", "two.", "three.", "four."]);
  assert.deepEqual(voice.alone, ["two", "three"]);
  assert.deepEqual(failed, []);
});

Deno.test("a phrase that breaks off in the middle is reported, and not said a second time", async () => {
  const voice = new StreamVoice("two", true);
  const { speaker, played, failed } = setUp(voice, 3);
  for (const text of ["one", "two"]) speaker.say(text, text);
  speaker.complete();
  await settle();
  assert.deepEqual(failed, ["two"]);
  assert.deepEqual(voice.alone, []);
  assert.deepEqual(played.texts, ["one.", "two."]);
});
