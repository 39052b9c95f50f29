import assert from "node:assert/strict";
import type { Pcm } from "../../../media/frame.ts";
import { RecognitionQueue, type Recognizer } from "./recognition_queue.ts";
import type { Transcription } from "./transcribe.ts";

/** Ends each transcription when the test says so; the text is the audio's first sample. */
class ManualRecognizer implements Recognizer {
  readonly started: number[] = [];
  #running: { pcm: Pcm; settle: PromiseWithResolvers<Transcription | undefined> } | undefined;

  transcribe(pcm: Pcm): Promise<Transcription | undefined> {
    assert.equal(this.#running, undefined, "one transcription at a time");
    this.started.push(pcm[0]!);
    const settle = Promise.withResolvers<Transcription | undefined>();
    this.#running = { pcm, settle };
    return settle.promise;
  }

  abort(): void {
    this.#running?.settle.resolve(undefined);
    this.#running = undefined;
  }

  /** Ends the running transcription and lets the queue take the next. */
  async finish(): Promise<void> {
    const { pcm, settle } = this.#running!;
    this.#running = undefined;
    settle.resolve({ text: `text ${pcm[0]}`, settled: { samples: 0, text: "" } });
    await new Promise((done) => setImmediate(done));
  }
}

const ANNA = { call: "Anna" };
const BORIS = { call: "Boris" };
const CLARA = { call: "Clara" };

Deno.test("waiting callers are served in order of arrival", async () => {
  const recognizer = new ManualRecognizer();
  const queue = new RecognitionQueue([recognizer]);
  const replies = [
    queue.submit(ANNA, audio(1), "pause"),
    queue.submit(BORIS, audio(2), "pause"),
    queue.submit(CLARA, audio(3), "pause"),
  ];
  assert.equal(queue.waiting, 2);
  for (let i = 0; i < 3; i++) await recognizer.finish();
  assert.deepEqual(recognizer.started, [1, 2, 3]);
  assert.deepEqual((await Promise.all(replies)).map((reply) => reply.kind), [
    "text",
    "text",
    "text",
  ]);
});

Deno.test("two recognisers serve two callers at the same time", async () => {
  const [one, two] = [new ManualRecognizer(), new ManualRecognizer()];
  const queue = new RecognitionQueue([one, two]);
  const replies = [queue.submit(ANNA, audio(1), "pause"), queue.submit(BORIS, audio(2), "pause")];
  assert.equal(queue.waiting, 0);
  await two.finish();
  await one.finish();
  await Promise.all(replies);
  assert.deepEqual([one.started, two.started], [[1], [2]]);
});

Deno.test("a call's newer request supersedes its older one, waiting or running", async () => {
  const recognizer = new ManualRecognizer();
  const queue = new RecognitionQueue([recognizer]);
  const running = queue.submit(ANNA, audio(1), "pause");
  const waiting = queue.submit(BORIS, audio(2), "pause");
  const newerOfBoris = queue.submit(BORIS, audio(3), "pause");
  assert.equal((await waiting).kind, "superseded");
  const newerOfAnna = queue.submit(ANNA, audio(4), "pause");
  assert.equal((await running).kind, "superseded");
  await settled();
  await recognizer.finish();
  await recognizer.finish();
  assert.equal((await newerOfBoris).kind, "text");
  assert.equal((await newerOfAnna).kind, "text");
  assert.deepEqual(recognizer.started, [1, 3, 4]);
});

Deno.test("a partial never keeps a waiting caller waiting", async () => {
  const recognizer = new ManualRecognizer();
  const queue = new RecognitionQueue([recognizer]);
  const partial = queue.submit(ANNA, audio(1), "partial");
  const urgent = queue.submit(BORIS, audio(2), "pause");
  assert.equal((await partial).kind, "superseded");
  assert.equal((await queue.submit(CLARA, audio(3), "partial")).kind, "busy");
  await settled();
  await recognizer.finish();
  assert.equal((await urgent).kind, "text");
});

Deno.test("a caller who hung up takes no recogniser's time", async () => {
  const recognizer = new ManualRecognizer();
  const queue = new RecognitionQueue([recognizer]);
  const running = queue.submit(ANNA, audio(1), "pause");
  const waiting = queue.submit(BORIS, audio(2), "pause");
  queue.cancel(BORIS);
  queue.cancel(ANNA);
  assert.deepEqual([(await running).kind, (await waiting).kind], ["superseded", "superseded"]);
  assert.deepEqual(recognizer.started, [1]);
});

Deno.test("a caller who keeps talking keeps their place in the queue", async () => {
  const recognizer = new ManualRecognizer();
  const queue = new RecognitionQueue([recognizer]);
  const replies = [
    queue.submit(ANNA, audio(1), "pause"),
    queue.submit(BORIS, audio(2), "pause"),
    queue.submit(CLARA, audio(3), "pause"),
    queue.submit(BORIS, audio(4), "pause"),
  ];
  for (let i = 0; i < 3; i++) await recognizer.finish();
  await Promise.all(replies);
  assert.deepEqual(recognizer.started, [1, 4, 3]);
});

Deno.test("a caller whose turn is over is served before those who may only have paused", async () => {
  const recognizer = new ManualRecognizer();
  const queue = new RecognitionQueue([recognizer]);
  const [DORA, EMIL] = [{ call: "Dora" }, { call: "Emil" }];
  const replies = [
    queue.submit(ANNA, audio(1), "pause"),
    queue.submit(BORIS, audio(2), "pause"),
    queue.submit(CLARA, audio(3), "pause"),
    queue.submit(DORA, audio(4), "turn"),
    queue.submit(EMIL, audio(5), "turn"),
  ];
  queue.hurry(CLARA);
  queue.hurry(ANNA);
  for (let i = 0; i < 5; i++) await recognizer.finish();
  await Promise.all(replies);
  assert.deepEqual(recognizer.started, [1, 4, 5, 3, 2]);
});

Deno.test("how busy recognisers are and how long callers wait for one is known while it lasts", async () => {
  const recognizer = new ManualRecognizer();
  let now = 1000;
  const queue = new RecognitionQueue([recognizer], () => now);
  const replies = [queue.submit(ANNA, audio(1), "pause"), queue.submit(BORIS, audio(2), "turn")];
  now += 300;
  assert.deepEqual([queue.recognizers, queue.busyMs], [1, 300]);
  assert.equal(queue.takeLongestWait(), 300, "of the caller who still waits");
  now += 100;
  await recognizer.finish();
  assert.equal(queue.takeLongestWait(), 400, "of the caller whose turn has come");
  assert.equal(queue.takeLongestWait(), 0, "nobody has waited since");
  now += 50;
  await recognizer.finish();
  await Promise.all(replies);
  now += 1000;
  assert.equal(queue.busyMs, 450);
});

Deno.test("without a recogniser the error names the settings that load one", async () => {
  await assert.rejects(new RecognitionQueue([]).submit(ANNA, audio(1), "pause"), /ASR_PROVIDER/);
});

function audio(value: number): Pcm {
  return Int16Array.of(value);
}

function settled(): Promise<void> {
  return new Promise((done) => setImmediate(done));
}
