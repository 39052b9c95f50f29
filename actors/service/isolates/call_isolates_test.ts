import assert from "node:assert/strict";
import type { MessagePort } from "node:worker_threads";
import type { Prompts } from "../../../config/prompts.ts";
import { settingsWith } from "../../../config/read_settings.ts";
import type { SpeechEvent } from "../../../speech/events.ts";
import { LogLines } from "../../../testing/log_lines.ts";
import { MockedTimers, settled } from "../../../testing/mocked_timers.ts";
import type { CallIsolateData, FromCall, ToCall } from "../../messages.ts";
import type { IsolateOptions } from "../../otp/isolate.ts";
import { FakeIsolate } from "../../otp/isolate_rig.ts";
import { noMetrics } from "../metrics.ts";
import { CallIsolates } from "./call_isolates.ts";
import type { CallIsolate } from "./pooled_isolate.ts";

type Isolate = FakeIsolate<ToCall, FromCall>;

/** A pool of isolates that have no thread, in time that a test lets pass. */
class Pool implements AsyncDisposable {
  /** Every isolate, in the order they were started. */
  readonly isolates: Isolate[] = [];
  /** Starts that were asked for. */
  readonly asked: IsolateOptions[] = [];
  /** Starts take until the test lets them succeed. */
  held = false;
  /** So many of the next starts fail. */
  failing = 0;
  engineIsUp = false;
  readonly counted: SpeechEvent[] = [];
  readonly pool: CallIsolates;
  /** What the pool last said it wants. */
  aim = 0;
  #now = 0;
  readonly #waiting: (() => void)[] = [];
  readonly log = new LogLines();
  readonly #time = new MockedTimers();

  constructor(warm = 1, most = warm) {
    this.pool = new CallIsolates({
      settings: settingsWith({
        CALL_POOL_SIZE: warm,
        CALL_POOL_MAX: most,
        ARI_PASSWORD: "of the PBX",
        OPENAI_API_KEY: "of the model",
      }),
      module: new URL("file:///call.ts"),
      promptsFile: { current: () => Promise.resolve({} as Prompts) },
      engine: { attach: () => this.engineIsUp ? {} as MessagePort : undefined },
      metrics: {
        ...noMetrics,
        poolAim: (count) => void (this.aim = count),
        speechHappened: (event) => void this.counted.push(event),
      },
      tokens: {
        answer: ({ what }) => Promise.resolve({ what: "token", token: `for ${what}` }),
      },
      startIsolate: (options) => this.#start(options),
      now: () => this.#now,
    });
  }

  /** Fills the pool with isolates whose prompts are rendered. */
  async fill(): Promise<Isolate[]> {
    const filled = this.pool.fill();
    await settled();
    for (const isolate of this.isolates) isolate.says({ kind: "warm" });
    await filled;
    return this.isolates;
  }

  async pass(ms: number): Promise<void> {
    await settled();
    this.#now += ms;
    await this.#time.pass(ms);
  }

  /** So many calls, one every `gapMs`; isolates render their prompts as soon as they have started. */
  async wave(calls: number, gapMs: number): Promise<void> {
    for (let i = 0; i < calls; i++) {
      await this.pool.take();
      await this.pass(gapMs);
      for (const isolate of this.isolates) isolate.says({ kind: "warm" });
    }
    await settled();
  }

  /** Lets the start that has taken longest succeed. */
  async letStart(): Promise<void> {
    this.#waiting.shift()?.();
    await settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.held = false;
    for (const start of this.#waiting) start();
    await this.pool[Symbol.asyncDispose]();
    this.#time[Symbol.dispose]();
    this.log[Symbol.dispose]();
  }

  async #start(options: IsolateOptions): Promise<Isolate> {
    this.asked.push(options);
    if (this.held) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.failing > 0) {
      this.failing--;
      throw new Error("no memory for a thread");
    }
    const isolate: Isolate = new FakeIsolate(options);
    this.isolates.push(isolate);
    return isolate;
  }
}

/** The kinds of what an isolate was sent. */
function kinds({ posted }: Isolate): string[] {
  return posted.map(({ kind }) => kind);
}

function names(isolates: readonly CallIsolate[]): string[] {
  return isolates.map(({ name }) => name);
}

function breaker(state: "open" | "half_open" | "closed"): SpeechEvent {
  return { kind: "breaker", task: "tts", service: "yandex", state, untilMs: 1 };
}

Deno.test("a call gets a warm isolate, and another is made ready once the call is set up", async () => {
  await using scene = new Pool(2);
  await scene.fill();
  assert.deepEqual(names([await scene.pool.take()]), ["call-1"]);
  await scene.pass(199);
  assert.equal(scene.isolates.length, 2);
  await scene.pass(1);
  assert.equal(scene.isolates.length, 3);
});

Deno.test("isolates made ready in advance take their time, one for a waiting caller hurries", async () => {
  await using scene = new Pool(1);
  await scene.fill();
  await scene.pool.take();
  await scene.pool.take();
  const hurry = scene.asked.map(({ data }) => (data as CallIsolateData).callerWaits);
  assert.deepEqual(hurry, [false, true]);
});

Deno.test("a caller who waits goes before the isolates that are made ready in advance", async () => {
  await using scene = new Pool(navigator.hardwareConcurrency + 3);
  scene.held = true;
  void scene.pool.fill();
  await settled();
  const taken = scene.pool.take();
  await settled();
  if (navigator.hardwareConcurrency === 1) await scene.letStart();
  const last = scene.asked.at(-1)!.data as CallIsolateData;
  assert.equal(last.callerWaits, true);
  assert.ok(scene.asked.length <= navigator.hardwareConcurrency + 1);
  while (scene.isolates.length < scene.asked.length) await scene.letStart();
  await taken;
});

Deno.test("a caller who waits takes an isolate that is still rendering its prompts, and keeps it", async () => {
  await using scene = new Pool(1);
  void scene.pool.fill();
  await settled();
  const first = await scene.pool.take();
  scene.isolates[0]!.says({ kind: "warm" });
  await settled();
  assert.deepEqual(names([first, await scene.pool.take()]), ["call-1", "call-2"]);
});

Deno.test("an isolate that dies while it renders its prompts is replaced without waiting for them", async () => {
  await using scene = new Pool(1);
  void scene.pool.fill();
  await settled();
  scene.isolates[0]!.dies("crash");
  await scene.pass(1000);
  assert.equal(scene.isolates.length, 2);
});

Deno.test("without an engine no prompt is ever rendered: the isolates are ready all the same", async () => {
  await using scene = new Pool(1);
  let filled = false;
  const filling = scene.pool.fill().then(() => filled = true);
  await scene.pass(4999);
  assert.equal(filled, false);
  await scene.pass(1);
  await filling;
});

Deno.test("a warm isolate that dies is replaced, and no call is given to it", async () => {
  await using scene = new Pool(2);
  const [first] = await scene.fill();
  first!.dies("out_of_memory");
  await scene.pass(1000);
  assert.equal(scene.isolates.length, 3);
  assert.deepEqual(names([await scene.pool.take()]), ["call-2"]);
  assert.equal(scene.pool.size, 2);
});

Deno.test("an isolate that dies with its call is not missed by the pool", async () => {
  await using scene = new Pool(1);
  await scene.fill();
  await scene.pool.take();
  await scene.pass(200);
  scene.isolates[0]!.dies("crash");
  await scene.pass(5000);
  assert.equal(scene.isolates.length, 2);
  assert.doesNotMatch(scene.log.all.join(""), /a warm isolate died/);
});

Deno.test("a warm isolate that does not start is tried again, after a pause", async () => {
  await using scene = new Pool(1);
  scene.failing = 1;
  await scene.pool.fill();
  assert.equal(scene.isolates.length, 0);
  await scene.pass(1000);
  assert.equal(scene.isolates.length, 1);
});

Deno.test("a call whose isolate does not start is told why", async () => {
  await using scene = new Pool(0);
  scene.failing = 1;
  await assert.rejects(scene.pool.take(), /no memory for a thread/);
});

Deno.test("the engine's coming and going reaches every isolate, with a call or without", async () => {
  await using scene = new Pool(2);
  const [busy, warm] = await scene.fill();
  await scene.pool.take();
  assert.deepEqual(kinds(busy!), []);
  scene.engineIsUp = true;
  scene.pool.engineUp();
  scene.pool.engineLost("crash");
  for (const isolate of [busy, warm]) {
    assert.deepEqual(kinds(isolate!), ["engine", "engine_lost"]);
  }
  await scene.pass(200);
  assert.deepEqual(kinds(scene.isolates[2]!), ["engine"]);
});

Deno.test("a speech service found broken by one call is left alone by all, and by those that come later", async () => {
  await using scene = new Pool(2);
  const [finder, other] = await scene.fill();
  finder!.says({ kind: "speech", event: breaker("open") });
  assert.deepEqual(other!.posted, [{ kind: "service_health", event: breaker("open") }]);
  assert.deepEqual(finder!.posted, []);
  await scene.pool.take();
  await scene.pass(200);
  const later = scene.isolates[2]!;
  assert.deepEqual(later.posted, [{ kind: "service_health", event: breaker("open") }]);
});

Deno.test("that the day's tokens are used up reaches every isolate, also one that starts later", async () => {
  await using rig = new Pool();
  const [warm] = await rig.fill();
  rig.pool.modelsSpent(true);
  assert.deepEqual(warm!.posted, [{ kind: "models_spent", spent: true }]);
  await rig.pool.take();
  await rig.pool.take();
  assert.deepEqual(rig.isolates[1]!.posted, [{ kind: "models_spent", spent: true }]);
});

Deno.test("a speech service that works again is used again by all", async () => {
  await using scene = new Pool(2);
  const [finder, other] = await scene.fill();
  for (const state of ["open", "half_open", "closed"] as const) {
    finder!.says({ kind: "speech", event: breaker(state) });
  }
  assert.deepEqual(other!.posted, [
    { kind: "service_health", event: breaker("open") },
    { kind: "service_health", event: breaker("closed") },
  ]);
  assert.equal(scene.counted.length, 3);
  await scene.pool.take();
  await scene.pass(200);
  assert.deepEqual(scene.isolates[2]!.posted, []);
});

Deno.test("a question about tokens is answered to the isolate that asked, with a call or without", async () => {
  await using scene = new Pool(1);
  const [isolate] = await scene.fill();
  const question = { what: "token" } as const;
  isolate!.says({ kind: "token", seq: 7, question });
  const call = await scene.pool.take();
  call.listen(() => assert.fail("the call is not concerned"));
  isolate!.says({ kind: "token", seq: 8, question });
  await settled();
  const answer = { what: "token", token: "for token" };
  assert.deepEqual(isolate!.posted, [
    { kind: "token_answer", seq: 7, answer },
    { kind: "token_answer", seq: 8, answer },
  ]);
});

Deno.test("what an isolate says of its call goes to the call, and only that", async () => {
  await using scene = new Pool(1);
  const [isolate] = await scene.fill();
  const heard: string[] = [];
  (await scene.pool.take()).listen(({ kind }) => heard.push(kind));
  isolate!.says({ kind: "assigned" });
  isolate!.says({ kind: "warm" });
  isolate!.says({ kind: "speech", event: { kind: "cache", service: "yandex", hit: true } });
  isolate!.says({ kind: "media_open" });
  assert.deepEqual(heard, ["assigned", "media_open"]);
  assert.equal(scene.counted.length, 1);
});

Deno.test("an isolate holds the keys that its call needs, and no others", async () => {
  await using scene = new Pool(1);
  const [isolate] = await scene.fill();
  const { settings, secrets } = isolate!.options.data as CallIsolateData;
  assert.equal(settings.OPENAI_API_KEY, "of the model");
  assert.doesNotMatch(JSON.stringify(settings), /of the PBX/);
  assert.deepEqual(secrets.filter((value) => value !== ""), ["of the model"]);
});

Deno.test("a service that ends takes every isolate with it, those that are starting too", async () => {
  await using scene = new Pool(1);
  await scene.fill();
  scene.held = true;
  await scene.pool.take();
  const late = scene.pool.take();
  await settled();
  await scene.pool[Symbol.asyncDispose]();
  await scene.letStart();
  assert.equal(await (await late).exited, "shutdown");
  await assert.rejects(scene.pool.take(), /the service is ending/);
  await scene.pass(10_000);
  assert.equal(scene.pool.size, 0);
  assert.equal(scene.asked.length, 2);
});

Deno.test("how long a caller would wait grows with those before them, less the isolates that are warm", async () => {
  await using rig = new Pool(2);
  assert.equal(rig.pool.waitMs(0), 0);
  const cold = rig.pool.waitMs(100);
  assert.ok(cold > 1000, `${cold} ms`);
  await rig.fill();
  assert.equal(rig.pool.waitMs(2), 0);
  assert.ok(rig.pool.waitMs(3) > 0);
  assert.ok(rig.pool.waitMs(100) < cold);
});

Deno.test("calls that keep coming do not put off the isolate that the next one needs", async () => {
  await using scene = new Pool(1);
  await scene.fill();
  await scene.wave(3, 100);
  const hurry = scene.asked.map(({ data }) => (data as CallIsolateData).callerWaits);
  assert.deepEqual(hurry, [false, true, false]);
});

Deno.test("while calls come fast more isolates are ready, and after the wave they end", async () => {
  await using scene = new Pool(2, 6);
  await scene.fill();
  await scene.wave(20, 20);
  assert.equal(scene.aim, 6);
  for (let i = 0; i < 10; i++) await scene.pass(2000);
  assert.equal(scene.pool.size, 20 + 5);
  for (let i = 0; i < 20; i++) await scene.pass(15_000);
  assert.equal(scene.aim, 2);
  assert.equal(scene.pool.size, 20 + 2);
  assert.doesNotMatch(scene.log.all.join(""), /a warm isolate died/);
});

Deno.test("while calls are live, isolates in advance start one after another, each after a rest", async () => {
  const most = navigator.hardwareConcurrency + 4;
  await using scene = new Pool(most);
  await scene.fill();
  for (let i = 0; i < most; i++) await scene.pool.take();
  scene.held = true;
  const before = scene.asked.length;
  await scene.pass(200);
  const atOnce = Math.max(1, navigator.hardwareConcurrency - 1);
  assert.equal(scene.asked.length - before, atOnce);
  await scene.pass(300);
  for (let i = 0; i < atOnce; i++) await scene.letStart();
  await scene.pass(299);
  assert.equal(scene.asked.length - before, atOnce);
  await scene.pass(1);
  assert.equal(scene.asked.length - before, 2 * atOnce);
});
