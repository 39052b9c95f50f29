import assert from "node:assert/strict";
import { concatPcm, type Pcm } from "../../media/frame.ts";
import { collect, NEVER } from "../audio_rig.ts";
import { fromTones, toTones } from "../../tests/servers/speech/tone_speech.ts";
import type { SpeechEvent } from "../events.ts";
import { FailoverTts } from "./failover_tts.ts";
import type { TtsService } from "./service_list.ts";
import { ServiceFailure, type ServiceName } from "../failure.ts";
import { PhraseCache } from "./phrase_cache.ts";
import { TtsError, type TtsOptions, type TtsProvider } from "../tts.ts";

interface Failing {
  /** Words spoken before it fails; Infinity never fails. */
  after: number;
  code?: string;
  retryable?: boolean;
  lasting?: boolean;
  /** Hangs instead of failing. */
  hangs?: boolean;
  /** Does not say how far it is. */
  silentProgress?: boolean;
}

/** A voice of tones that fails when told to. */
class FakeVoice implements TtsProvider {
  readonly asked: string[] = [];
  cancelled = 0;

  constructor(readonly name: ServiceName, public failing: Failing = { after: Infinity }) {}

  async *synthesize(text: string, { signal, onSpoken }: TtsOptions) {
    this.asked.push(text);
    let at = 0;
    const { after, code = "UNAVAILABLE", retryable = false, lasting = false } = this.failing;
    for (const [i, word] of (text.match(/\s*\S+/g) ?? []).entries()) {
      if (i >= after) {
        if (this.failing.hangs) await aborted(signal).then(() => this.cancelled++);
        if (signal.aborted) return;
        const facts = { code, retryable, lasting, cure: "wait" };
        const cause = new ServiceFailure(this.name, "speaking", facts);
        throw new TtsError(cause.message, { cause });
      }
      at += word.length;
      if (!this.failing.silentProgress) onSpoken?.(at);
      yield toTones(word);
      await Promise.resolve();
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}

function setUp(voices: FakeVoice[], cache?: PhraseCache, timeouts?: TtsService["timeouts"]) {
  const events: SpeechEvent[] = [];
  const tts = new FailoverTts(
    voices.map((provider) => ({ name: provider.name, provider, cacheKey: "voice", timeouts })),
    cache,
    (event) => events.push(event),
  );
  const say = async (text: string, signal = NEVER, keep = true) => {
    return fromTones(await collect(tts.synthesize(text, { language: "ru", signal, keep })));
  };
  const failovers = () => events.filter((event) => event.kind === "failover");
  return { tts, say, events, failovers };
}

Deno.test("the first service speaks while it works", async () => {
  const [first, second] = [new FakeVoice("yandex"), new FakeVoice("openai")];
  const { say, events } = setUp([first, second]);
  assert.equal(await say("раз два"), "раз два");
  assert.deepEqual(second.asked, []);
  assert.deepEqual(events.map(({ kind }) => kind), ["request", "first_byte", "final"]);
});

Deno.test("a phrase goes to the next service when the first fails", async () => {
  const [first, second] = [new FakeVoice("yandex", { after: 0 }), new FakeVoice("openai")];
  const { say, failovers } = setUp([first, second]);
  assert.equal(await say("раз два"), "раз два");
  assert.deepEqual(failovers(), [{
    kind: "failover",
    task: "tts",
    from: "yandex",
    to: "openai",
    code: "UNAVAILABLE",
    message: "speaking: UNAVAILABLE; wait",
    first: true,
  }]);
});

Deno.test("when a service breaks off in mid-phrase, the next says the rest, no word twice", async () => {
  const [first, second] = [new FakeVoice("yandex", { after: 2 }), new FakeVoice("openai")];
  const { say } = setUp([first, second]);
  assert.equal(await say("раз, два, три, четыре."), "раз два три четыре");
  assert.deepEqual(second.asked, ["три, четыре."]);
});

Deno.test("when a service that does not report its position fails, no word is lost and at most one comes twice", async () => {
  const failing = { after: 3, silentProgress: true };
  const [first, second] = [new FakeVoice("openai", failing), new FakeVoice("local")];
  const { say } = setUp([first, second]);
  const heard = await say("сколько стоит машина на двести килоньютон");
  for (const word of ["машина", "на", "двести", "килоньютон"]) {
    assert.match(heard, new RegExp(word));
  }
  assert.ok(heard.split(" ").length <= 7, heard);
});

Deno.test("after a transient failure the same service is tried once more", async () => {
  const first = new FakeVoice("yandex", { after: 1, retryable: true });
  const { say, failovers } = setUp([first, new FakeVoice("openai")]);
  assert.equal(await say("раз два"), "раз два");
  assert.deepEqual(first.asked, ["раз два", "два"]);
  assert.equal(failovers().length, 0);
});

Deno.test("a service that hangs is cancelled and passed over", async () => {
  const timeouts = { firstMs: 20, stallMs: 20 };
  for (const after of [0, 1]) {
    const first = new FakeVoice("yandex", { after, hangs: true });
    const { say, failovers } = setUp([first, new FakeVoice("openai")], undefined, timeouts);
    assert.equal(await say("раз два"), "раз два");
    const [failover] = failovers();
    assert.ok(failover?.kind === "failover");
    assert.equal(failover.code, after === 0 ? "SILENT" : "STALLED");
    assert.equal(first.cancelled, 1);
  }
});

Deno.test("an outage is one error line, and the service is not asked while it lasts", async () => {
  const first = new FakeVoice("yandex", { after: 0 });
  const { say, failovers } = setUp([first, new FakeVoice("openai")]);
  for (let i = 0; i < 6; i++) assert.equal(await say("раз"), "раз");
  assert.equal(first.asked.length, 3, "the circuit breaker opened after three");
  assert.equal(failovers().filter((event) => event.kind === "failover" && event.first).length, 1);
});

Deno.test("a refused key takes the service out of use after one request", async () => {
  const first = new FakeVoice("yandex", { after: 0, code: "UNAUTHENTICATED", lasting: true });
  const { say } = setUp([first, new FakeVoice("openai")]);
  await say("раз");
  await say("раз");
  assert.equal(first.asked.length, 1);
});

Deno.test("with every service failing, each is tried and the error names them all", async () => {
  const voices = [new FakeVoice("yandex", { after: 0 }), new FakeVoice("openai", { after: 0 })];
  const { say } = setUp(voices);
  for (let i = 0; i < 5; i++) await assert.rejects(say("раз"), /UNAVAILABLE.*then.*UNAVAILABLE/);
  voices[1]!.failing = { after: Infinity };
  assert.equal(await say("раз"), "раз", "trying costs less than silence");
});

Deno.test("a barge-in ends the speech without an error and does not count against the service", async () => {
  const first = new FakeVoice("yandex", { after: 1, hangs: true });
  const { tts, events } = setUp([first, new FakeVoice("openai")]);
  const abort = new AbortController();
  for await (const _ of tts.synthesize("раз два", { language: "ru", signal: abort.signal })) {
    setTimeout(() => abort.abort(), 0);
  }
  assert.equal(first.cancelled, 1);
  assert.ok(events.every(({ kind }) => kind !== "error" && kind !== "failover"));
});

Deno.test("text without words is sent to no service", async () => {
  const first = new FakeVoice("yandex");
  const { say } = setUp([first]);
  for (const text of ["", " ", " … ", "...", "!?", "👍", "😀", "\ud83d", "\ud800"]) {
    assert.equal(await say(text), "");
  }
  assert.deepEqual(first.asked, []);
});

Deno.test("a service is asked for clean text only", async () => {
  const first = new FakeVoice("yandex");
  const { say } = setUp([first]);
  await say("Да!👍 **Очень**\u0000 хорошо\ud83d");
  assert.deepEqual(first.asked, ["Да! Очень хорошо"]);
});

Deno.test("a phrase broken off before its last full stop is complete: nobody is asked to speak a dot", async () => {
  const [first, second] = [new FakeVoice("yandex", { after: 1 }), new FakeVoice("openai")];
  const { say } = setUp([first, second]);
  assert.equal(await say("раз ."), "раз");
  assert.deepEqual(second.asked, []);
});

Deno.test("a phrase spoken before comes from disk, even while its service is down", async () => {
  const folder = await Deno.makeTempDir();
  const cache = new PhraseCache(folder, 1e6);
  const first = new FakeVoice("yandex");
  const { say, events } = setUp([first, new FakeVoice("openai")], cache);
  await say("Здравствуйте!");
  await cache.flush();
  first.failing = { after: 0 };
  assert.equal(await say("Здравствуйте!"), "здравствуйте");
  assert.equal(first.asked.length, 1);
  assert.deepEqual(
    events.filter((event) => event.kind === "cache").map(({ hit }) => hit),
    [false, true],
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("what is said to one caller only is not on disk, and not looked for there", async () => {
  const folder = await Deno.makeTempDir();
  const cache = new PhraseCache(folder, 1e6);
  const { say, events } = setUp([new FakeVoice("yandex")], cache);
  await say("Ваш номер записан", NEVER, false);
  await cache.flush();
  assert.deepEqual([...Deno.readDirSync(folder)], []);
  assert.ok(events.every(({ kind }) => kind !== "cache"));
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a phrase that broke off is not cached as complete", async () => {
  const folder = await Deno.makeTempDir();
  const cache = new PhraseCache(folder, 1e6);
  const first = new FakeVoice("yandex", { after: 1 });
  const { say } = setUp([first, new FakeVoice("openai")], cache);
  await say("раз два");
  await cache.flush();
  first.failing = { after: Infinity };
  assert.equal(await say("раз два"), "раз два");
  assert.equal(first.asked.length, 2);
  await cache.flush();
  await Deno.remove(folder, { recursive: true });
});

/** A voice that speaks an answer in one stream, and fails in the middle of text `breaksAt`. */
function streamingVoice(breaksAt = Infinity): FakeVoice & { readonly texts: string[] } {
  const texts: string[] = [];
  return Object.assign(new FakeVoice("yandex"), {
    texts,
    async *synthesizeStream(answer: AsyncIterable<string>) {
      let index = 0;
      for await (const text of answer) {
        texts.push(text);
        const [word] = text.match(/\S+/)!;
        yield { index, characters: word!.length, pcm: toTones(word!) };
        if (index === breaksAt) throw new TtsError("the stream broke");
        yield { index, characters: text.length, pcm: toTones(text.slice(word!.length)) };
        index++;
      }
    },
  });
}

/** What is heard of each text of an answer. */
async function sayAnswer(tts: FailoverTts, texts: readonly string[]): Promise<string[]> {
  async function* answer() {
    yield* texts;
  }
  const heard: Pcm[][] = texts.map(() => []);
  for await (
    const { index, pcm } of tts.synthesizeStream!(answer(), { language: "ru", signal: NEVER })
  ) {
    heard[index]!.push(pcm);
  }
  return heard.map((parts) => fromTones(concatPcm(parts)));
}

Deno.test("after an answer's stream breaks, the rest is spoken text by text, each word once", async () => {
  const { tts } = setUp([streamingVoice(1), new FakeVoice("openai")]);
  assert.deepEqual(await sayAnswer(tts, ["раз два", "три четыре", "пять"]), [
    "раз два",
    "три четыре",
    "пять",
  ]);
});

for (const breaksAt of [Infinity, 1]) {
  Deno.test(
    `an emoji in an answer's stream is not sent, and each text keeps its audio${
      breaksAt === 1 ? ", also when the stream breaks" : ""
    }`,
    async () => {
      const voice = streamingVoice(breaksAt);
      const { tts } = setUp([voice, new FakeVoice("openai")]);
      const heard = await sayAnswer(tts, ["👍", "раз два", "😀\ud83d", "три четыре\ud83d 👍"]);
      assert.deepEqual(heard, ["", "раз два", "", "три четыре"]);
      assert.deepEqual(voice.texts, ["раз два", "три четыре"]);
    },
  );
}
