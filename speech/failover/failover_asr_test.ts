import assert from "node:assert/strict";
import type { Pcm } from "../../media/frame.ts";
import { toTones } from "../../tests/servers/speech/tone_speech.ts";
import { YandexGrpcServer } from "../../tests/servers/yandex/yandex_grpc_server.ts";
import { channelTo } from "../../tests/servers/yandex/yandex_setup.ts";
import { AsrError, type AsrOptions, type AsrProvider, type AsrUtterance } from "../asr.ts";
import type { SpeechEvent } from "../events.ts";
import { FailoverAsr } from "./failover_asr.ts";
import { ServiceFailure, type ServiceName } from "../failure.ts";
import { YandexAsr } from "../yandex/stt/stt.ts";

/** Counts samples; fails when told to. */
class FakeRecogniser implements AsrProvider {
  opened = 0;
  openNow = 0;
  fails: "never" | "while speaking" | "at the end" | "hangs" = "never";
  retryable = false;

  constructor(readonly name: ServiceName) {}

  open(options: AsrOptions): AsrUtterance {
    this.opened++;
    this.openNow++;
    options.signal.addEventListener("abort", () => this.openNow--, { once: true });
    let samples = 0;
    const error = () => {
      const facts = {
        code: "UNAVAILABLE",
        retryable: this.retryable,
        lasting: false,
        cure: "wait",
      };
      return new AsrError("failed", { cause: new ServiceFailure(this.name, "hearing", facts) });
    };
    return {
      push: (pcm: Pcm) => {
        samples += pcm.length;
        if (this.fails === "while speaking") queueMicrotask(() => options.onFailure?.(error()));
        else options.onPartial({ text: `${samples}`, final: false });
      },
      checkpoint: () => options.onPartial({ text: `${samples}`, final: false }),
      finish: () => {
        if (this.fails === "hangs") return new Promise(() => {});
        if (this.fails !== "never") return Promise.reject(error());
        return Promise.resolve({ text: `${this.name} heard ${samples}`, final: true });
      },
    };
  }
}

function setUp(recognisers: FakeRecogniser[]) {
  const events: SpeechEvent[] = [];
  const timeouts = { firstMs: 20, stallMs: 20 };
  const asr = new FailoverAsr(
    recognisers.map((provider) => ({ name: provider.name, provider, timeouts })),
    (event) => events.push(event),
  );
  const open = (changes: Partial<AsrOptions> = {}) => {
    const partials: string[] = [];
    const utterance = asr.open({
      language: "ru",
      signal: new AbortController().signal,
      onPartial: ({ text }) => partials.push(text),
      ...changes,
    });
    return { utterance, partials };
  };
  return { asr, events, open };
}

const FRAME = new Int16Array(320).fill(1);

for (const fails of ["while speaking", "at the end", "hangs"] as const) {
  Deno.test(`a caller need not repeat what a failed service heard: ${fails}`, async () => {
    const [first, second] = [new FakeRecogniser("yandex"), new FakeRecogniser("openai")];
    first.fails = fails;
    const { open, events } = setUp([first, second]);
    const { utterance } = open();
    for (let i = 0; i < 10; i++) {
      utterance.push(FRAME);
      await Promise.resolve();
    }
    assert.deepEqual(await utterance.finish(), { text: "openai heard 3200", final: true });
    assert.equal(events.filter(({ kind }) => kind === "failover").length, 1);
    assert.deepEqual([first.openNow, second.openNow], [0, 0], "both were let go");
  });
}

Deno.test("after a transient failure the same service gets all of the audio once more", async () => {
  const recogniser = new FakeRecogniser("yandex");
  recogniser.fails = "at the end";
  recogniser.retryable = true;
  const { open } = setUp([recogniser]);
  const { utterance } = open();
  utterance.push(FRAME);
  const finished = utterance.finish();
  recogniser.fails = "never";
  assert.equal((await finished).text, "yandex heard 320");
  assert.equal(recogniser.opened, 2);
});

Deno.test("a checkpoint that a failed service owes is answered by the next", async () => {
  const [first, second] = [new FakeRecogniser("yandex"), new FakeRecogniser("openai")];
  first.fails = "while speaking";
  const { open } = setUp([first, second]);
  const { utterance, partials } = open();
  utterance.push(FRAME);
  utterance.checkpoint();
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(partials.at(-1), "320");
  assert.ok(partials.length >= 3, "the second service's checkpoint too");
});

Deno.test("when all services fail while the caller speaks, the call learns it once, and finishing throws the same", async () => {
  const recognisers = [new FakeRecogniser("yandex"), new FakeRecogniser("openai")];
  for (const recogniser of recognisers) recogniser.fails = "while speaking";
  const told: Error[] = [];
  const failed = Promise.withResolvers<void>();
  const { open } = setUp(recognisers);
  const { utterance } = open({
    onFailure: (error) => {
      told.push(error);
      failed.resolve();
    },
  });
  utterance.push(FRAME);
  await failed.promise;
  utterance.push(FRAME);
  await assert.rejects(utterance.finish(), /then/);
  assert.equal(told.length, 1);
});

Deno.test("a discarded utterance releases the service and does not count as its failure", async () => {
  const recogniser = new FakeRecogniser("yandex");
  const { open, events } = setUp([recogniser]);
  const abort = new AbortController();
  const { utterance } = open({ signal: abort.signal });
  utterance.push(FRAME);
  abort.abort();
  assert.equal(recogniser.openNow, 0);
  assert.deepEqual(await utterance.finish(), { text: "", final: false });
  assert.ok(events.every(({ kind }) => kind !== "error"));
});

Deno.test("a caller does not notice a session lost between two utterances", async () => {
  await using server = await YandexGrpcServer.start();
  using channel = channelTo(server, "stt");
  await using provider = new YandexAsr(channel, {
    stt: { model: "general", normalization: false, eou: "external", maxPauseMs: 0 },
    languageCode: "",
    answerWithinMs: 2000,
  });
  const asr = new FailoverAsr([{ name: "yandex", provider }], () => {});
  const hear = async (text: string) => {
    const { signal } = new AbortController();
    const utterance = asr.open({ language: "ru", signal, onPartial: () => {} });
    utterance.push(toTones(text));
    return (await utterance.finish()).text;
  };
  assert.equal(await hear("раз"), "раз");
  await server.goAway();
  server.comeBack();
  assert.equal(await hear("два"), "два");
});
