import assert from "node:assert/strict";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import * as Comlink from "comlink";
import type { Language } from "../../config/language.ts";
import { concatPcm, type Pcm, SAMPLE_RATE_HZ } from "../../media/frame.ts";
import { AsrError, type AsrUtterance } from "../asr.ts";
import { comlinkEndpoint } from "../engine/comlink_endpoint.ts";
import {
  type EngineApi,
  isVadQuestion,
  type SynthesizeRequest,
  type TranscribeReply,
  type Urgency,
} from "../engine/protocol.ts";
import { connectEngine, type LocalSpeech, type LocalSpeechOptions } from "./mod.ts";
import { TtsError } from "../tts.ts";
import { VAD_WINDOW_SAMPLES } from "../vad.ts";

const NEVER = new AbortController().signal;

Deno.test("while the engine does not answer, VAD goes by loudness; when it does again, by the engine", async () => {
  const engine = new FakeEngine();
  const heard: string[] = [];
  using local = engine.connect({
    vadDeadlineMs: 1000,
    onDegraded: (reason) => heard.push(`degraded: ${reason}`),
    onRestored: () => heard.push("restored"),
  });
  assert.equal(await local.vad.probability(voiceWindow()), 0.75);
  engine.vadAnswer = () => new Promise(() => {});
  const stuck = [voiceWindow(), silentWindow()].map((window) => local.vad.probability(window));
  assert.deepEqual(await Promise.all(stuck), [1, 0]);
  assert.match(heard[0]!, /degraded: .*1000 ms/);

  engine.vadAnswer = () => Promise.resolve(0.75);
  for (let i = 0; i < 40; i++) await local.vad.probability(silentWindow());
  await until(() => heard.includes("restored"));
  assert.equal(await local.vad.probability(voiceWindow()), 0.75);
  assert.equal(engine.vadResets, 1);
});

Deno.test("when the engine dies, windows that wait are answered at once and in order", async () => {
  const engine = new FakeEngine();
  const reasons: string[] = [];
  using local = engine.connect({ vadDeadlineMs: 60_000, onDegraded: (why) => reasons.push(why) });
  engine.vadAnswer = () => new Promise(() => {});
  const order: number[] = [];
  const waiting = [1, 2, 3].map(async (n) => {
    await local.vad.probability(voiceWindow());
    order.push(n);
  });
  local.close("out of memory");
  await Promise.all(waiting);
  assert.deepEqual(order, [1, 2, 3]);
  assert.equal(reasons.length, 1);
  assert.match(reasons[0]!, /out of memory/);

  const next = new FakeEngine();
  next.serve((port) => local.reconnect(port));
  await local.vad.probability(silentWindow());
  await until(() => next.windows > 0);
});

Deno.test("silence after the checkpoint costs nothing: its text is the final one", async () => {
  const engine = new FakeEngine();
  using local = engine.connect();
  const utterance = open(local);
  utterance.push(voice(1000));
  utterance.checkpoint();
  for (let i = 0; i < 20; i++) utterance.push(new Int16Array(320));
  assert.deepEqual(await utterance.finish(), { text: "1.0 s", final: true });
  assert.deepEqual(engine.urgencies, ["urgent"]);
});

Deno.test("a word after the checkpoint is not lost", async () => {
  const engine = new FakeEngine();
  using local = engine.connect();
  const partials: string[] = [];
  const utterance = open(local, partials);
  utterance.push(voice(1000));
  utterance.checkpoint();
  await until(() => partials.length > 0);
  utterance.push(voice(500));
  assert.equal((await utterance.finish()).text, "1.5 s");
  assert.deepEqual(partials, ["1.0 s"]);
});

Deno.test("without a checkpoint the end is enough", async () => {
  using local = new FakeEngine().connect();
  const utterance = open(local);
  utterance.push(voice(700));
  assert.equal((await utterance.finish()).text, "0.7 s");
});

Deno.test("partial texts come while the caller speaks, and a busy engine is not a failure", async () => {
  const engine = new FakeEngine();
  using local = engine.connect({ partialEveryMs: 0 });
  const partials: string[] = [];
  const utterance = open(local, partials);
  engine.transcribeAnswer = () => Promise.resolve({ kind: "busy" });
  utterance.push(voice(400));
  await until(() => engine.urgencies.length === 1);
  engine.transcribeAnswer = undefined;
  await until(() => {
    utterance.push(voice(100));
    return partials.length > 0;
  });
  assert.ok(engine.urgencies.every((urgency) => urgency === "partial"));
  assert.match((await utterance.finish()).text, /s$/);
});

Deno.test("what is settled is not sent and recognised again", async () => {
  const engine = new FakeEngine();
  using local = engine.connect();
  const partials: string[] = [];
  const utterance = open(local, partials);
  engine.transcribeAnswer = () =>
    Promise.resolve({
      kind: "text",
      text: "First part. And",
      settled: { samples: 6 * SAMPLE_RATE_HZ, text: "First part." },
      ms: 1,
    });
  utterance.push(voice(7000));
  utterance.checkpoint();
  await until(() => partials.length > 0);
  engine.transcribeAnswer = undefined;
  utterance.push(voice(1000));
  assert.equal((await utterance.finish()).text, "First part. 2.0 s");
});

Deno.test("an utterance survives the engine's death: the next engine gets all of its audio", async () => {
  const engine = new FakeEngine();
  using local = engine.connect();
  engine.transcribeAnswer = () => new Promise(() => {});
  const utterance = open(local);
  utterance.push(voice(1200));
  const final = utterance.finish();
  await until(() => engine.urgencies.length > 0);
  local.close("crash");
  new FakeEngine().serve((port) => local.reconnect(port));
  assert.equal((await final).text, "1.2 s");
});

Deno.test("an engine that dies without a word is noticed by its closed port", async () => {
  const engine = new FakeEngine();
  const reasons: string[] = [];
  using local = engine.connect({ vadDeadlineMs: 60_000, onDegraded: (why) => reasons.push(why) });
  engine.transcribeAnswer = () => new Promise(() => {});
  const utterance = open(local);
  utterance.push(voice(1200));
  const final = utterance.finish();
  await until(() => engine.urgencies.length > 0);
  engine.vadAnswer = () => new Promise(() => {});
  const window = local.vad.probability(voiceWindow());
  engine.die();
  assert.equal(await window, 1);
  assert.match(reasons[0]!, /closed/);
  new FakeEngine().serve((port) => local.reconnect(port));
  assert.equal((await final).text, "1.2 s");
});

Deno.test("when no engine comes back in time the call is told, and of what", async () => {
  const engine = new FakeEngine();
  using local = engine.connect({ asrDeadlineMs: 30 });
  const utterance = open(local);
  utterance.push(voice(1200));
  local.close("out of memory");
  await assert.rejects(utterance.finish(), (error: Error) => {
    assert.ok(error instanceof AsrError);
    assert.match(error.message, /1\.2 s of speech.*30 ms/);
    return true;
  });
});

Deno.test("a hung-up call's recognition is cancelled at the engine", async () => {
  const engine = new FakeEngine();
  using local = engine.connect();
  engine.transcribeAnswer = () => new Promise(() => {});
  const call = new AbortController();
  const utterance = local.asr.open({ language: "en", signal: call.signal, onPartial() {} });
  utterance.push(voice(1000));
  utterance.checkpoint();
  await until(() => engine.urgencies.length > 0);
  call.abort();
  await until(() => engine.cancelledTranscriptions > 0);
  await assert.rejects(utterance.finish(), AsrError);
});

Deno.test("Russian is refused with the settings to change", () => {
  using local = new FakeEngine().connect();
  assert.throws(
    () => local.asr.open({ language: "ru", signal: NEVER, onPartial() {} }),
    (error: Error) =>
      error instanceof AsrError && /ASR_PROVIDER.*ASTERISK_LANG/.test(error.message),
  );
});

Deno.test("a phrase's audio comes whole and in order, in the voice of its language", async () => {
  const engine = new FakeEngine();
  using local = engine.connect({ speed: 1.2 });
  assert.deepEqual(await speak(local, "ru"), Int16Array.of(1, 2, 3));
  assert.deepEqual(await speak(local, "en"), Int16Array.of(1, 2, 3));
  assert.deepEqual(engine.phrases.map(({ voice, speed }) => [voice, speed]), [
    ["ru", 1.2],
    ["en-us", 1.2],
  ]);
});

Deno.test("a caller who interrupts ends the synthesis at the engine too", async () => {
  const engine = new FakeEngine();
  engine.synthesizeEnds = () => new Promise(() => {});
  using local = engine.connect();
  const interruption = new AbortController();
  const heard: Pcm[] = [];
  for await (
    const pcm of local.tts.synthesize("Hello.", { language: "en", signal: interruption.signal })
  ) {
    heard.push(pcm);
    if (heard.length === 3) interruption.abort();
  }
  assert.equal(heard.length, 3);
  await until(() => engine.cancelledPhrases.length > 0);
  assert.deepEqual(engine.cancelledPhrases, [engine.phrases[0]!.id]);
});

Deno.test("a phrase not begun when the engine dies is spoken by the next one", async () => {
  const engine = new FakeEngine();
  engine.chunks = [];
  engine.synthesizeEnds = () => new Promise(() => {});
  using local = engine.connect();
  const phrase = speak(local, "en");
  await until(() => engine.phrases.length > 0);
  local.close("crash");
  new FakeEngine().serve((port) => local.reconnect(port));
  assert.deepEqual(await phrase, Int16Array.of(1, 2, 3));
});

Deno.test("a phrase cut off by the engine's death fails, so that the call can say it again", async () => {
  const engine = new FakeEngine();
  engine.synthesizeEnds = () => new Promise(() => {});
  using local = engine.connect();
  const heard: Pcm[] = [];
  await assert.rejects(async () => {
    for await (const pcm of local.tts.synthesize("Hello.", { language: "en", signal: NEVER })) {
      heard.push(pcm);
      if (heard.length < 3) continue;
      local.close("crash");
      new FakeEngine().serve((port) => local.reconnect(port));
    }
  }, TtsError);
  assert.equal(heard.length, 3);
});

Deno.test("an unknown voice is reported in the engine's words", async () => {
  const engine = new FakeEngine();
  engine.synthesizeEnds = () => Promise.reject(new Error('no voice "xx"'));
  using local = engine.connect({ voice: "xx" });
  await assert.rejects(speak(local, "en"), (error: Error) => {
    return error instanceof TtsError && /no voice "xx"/.test(error.message);
  });
});

Deno.test("when the call ends nothing waits any more", async () => {
  const engine = new FakeEngine();
  engine.transcribeAnswer = () => new Promise(() => {});
  const local = engine.connect({ asrDeadlineMs: 60_000, ttsDeadlineMs: 60_000 });
  const utterance = open(local);
  utterance.push(voice(500));
  const final = assert.rejects(utterance.finish(), /the call is over/);
  local[Symbol.dispose]();
  await final;
  await assert.rejects(speak(local, "en"), /the call is over/);
});

/** An engine whose answers a test decides. Its text is how long the audio was. */
class FakeEngine implements EngineApi {
  vadAnswer: () => Promise<number> = () => Promise.resolve(0.75);
  transcribeAnswer: ((pcm: Pcm) => Promise<TranscribeReply>) | undefined;
  chunks: number[] = [1, 2, 3];
  synthesizeEnds: () => Promise<void> = () => Promise.resolve();

  windows = 0;
  vadResets = 0;
  cancelledTranscriptions = 0;
  readonly urgencies: Urgency[] = [];
  readonly phrases: SynthesizeRequest[] = [];
  readonly cancelledPhrases: number[] = [];
  #port: MessagePort | undefined;

  connect(options: LocalSpeechOptions = {}): LocalSpeech {
    return this.serve((port) => connectEngine(port, options));
  }

  /** Gives the call's end of a new channel to `take`. */
  serve<T>(take: (port: MessagePort) => T): T {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    Comlink.expose(this, comlinkEndpoint(port1));
    port1.on("message", (message) => {
      if (isVadQuestion(message)) void this.#answer(port1, message.vadSeq);
    });
    return take(port2);
  }

  die(): void {
    this.#port!.close();
  }

  async #answer(port: MessagePort, vadSeq: number): Promise<void> {
    this.windows++;
    port.postMessage({ vadSeq, probability: await this.vadAnswer() });
  }

  resetVad(): void {
    this.vadResets++;
  }

  transcribe(pcm: Pcm, urgency: Urgency): Promise<TranscribeReply> {
    this.urgencies.push(urgency);
    return this.transcribeAnswer?.(pcm) ?? Promise.resolve({
      kind: "text",
      text: `${(pcm.length / SAMPLE_RATE_HZ).toFixed(1)} s`,
      settled: { samples: 0, text: "" },
      ms: 1,
    });
  }

  cancelTranscription(): void {
    this.cancelledTranscriptions++;
  }

  async synthesize(request: SynthesizeRequest): Promise<void> {
    this.phrases.push(request);
    for (const sample of this.chunks) {
      this.#port!.postMessage({ phraseId: request.id, pcm: Int16Array.of(sample) });
    }
    await this.synthesizeEnds();
  }

  cancelSynthesis(id: number): void {
    this.cancelledPhrases.push(id);
  }
}

function open(local: LocalSpeech, partials: string[] = []): AsrUtterance {
  return local.asr.open({
    language: "en",
    signal: NEVER,
    onPartial: ({ text }) => partials.push(text),
  });
}

async function speak(local: LocalSpeech, language: Language): Promise<Pcm> {
  const parts: Pcm[] = [];
  for await (const pcm of local.tts.synthesize("Да, yes.", { language, signal: NEVER })) {
    parts.push(pcm);
  }
  return concatPcm(parts);
}

function voice(ms: number): Pcm {
  return new Int16Array(ms * SAMPLE_RATE_HZ / 1000).map((_, i) => 8000 * Math.sin(i / 5));
}

function voiceWindow(): Pcm {
  return voice(1000).slice(0, VAD_WINDOW_SAMPLES);
}

function silentWindow(): Pcm {
  return new Int16Array(VAD_WINDOW_SAMPLES);
}

/** Lets messages be delivered until a condition holds. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!await condition()) await new Promise((done) => setImmediate(done));
}
