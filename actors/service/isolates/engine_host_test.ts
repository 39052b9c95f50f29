import assert from "node:assert/strict";
import { settingsWith } from "../../../config/read_settings.ts";
import { LogLines } from "../../../testing/log_lines.ts";
import { settled } from "../../../testing/mocked_timers.ts";
import type { EngineIsolateData, FromEngine, ToEngine } from "../../messages.ts";
import { FakeIsolate } from "../../otp/isolate_rig.ts";
import { Supervisor } from "../../otp/supervisor.ts";
import { EngineHost } from "./engine_host.ts";

/** A supervised engine that has no thread, and what was said of it. */
class Hosted implements AsyncDisposable {
  readonly engines: FakeIsolate<ToEngine, FromEngine>[] = [];
  readonly said: string[] = [];
  readonly host: EngineHost;
  readonly #supervisor = new Supervisor({ intensity: 10 });
  readonly log = new LogLines();

  private constructor() {
    this.host = new EngineHost({
      settings: settingsWith({ OPENAI_API_KEY: "of the model", ARI_PASSWORD: "of the PBX" }),
      module: new URL("file:///engine.ts"),
      metrics: {
        engineRestarted: (reason) => void this.said.push(`restarted after ${reason}`),
        engineMeasured: (stats) => void this.said.push(stats ? `${stats.calls} calls` : "no stats"),
      },
      onUp: () => this.said.push("up"),
      onLost: (reason) => this.said.push(`lost: ${reason}`),
      startIsolate: (options) => {
        const engine = new FakeIsolate<ToEngine, FromEngine>(options);
        this.engines.push(engine);
        return Promise.resolve(engine);
      },
    });
  }

  /** With its engine up. */
  static async up(): Promise<Hosted> {
    const hosted = new Hosted();
    await hosted.#supervisor.start([hosted.host.spec]);
    return hosted;
  }

  async stop(): Promise<void> {
    await this.#supervisor.stop();
    await settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    this.log[Symbol.dispose]();
  }
}

Deno.test("each call gets a port of its own to the engine", async () => {
  await using hosted = await Hosted.up();
  const [first, second] = [hosted.host.attach()!, hosted.host.attach()!];
  const ports = hosted.engines[0]!.posted.map(({ port }) => port);
  assert.equal(ports.length, 2);
  const heard = Promise.withResolvers<unknown>();
  first.on("message", heard.resolve);
  ports[0]!.postMessage("for the first call");
  assert.equal(await heard.promise, "for the first call");
  for (const port of [first, second, ...ports]) port.close();
});

Deno.test("an engine that dies is lost, counted, and replaced; its calls are told both", async () => {
  await using hosted = await Hosted.up();
  hosted.engines[0]!.dies("out_of_memory");
  await settled();
  assert.deepEqual(hosted.said, [
    "up",
    "no stats",
    "lost: out_of_memory",
    "restarted after out_of_memory",
    "up",
  ]);
  assert.match(hosted.log.errors.join(""), /speech engine ended.*out_of_memory/);
  const port = hosted.host.attach()!;
  assert.equal(hosted.engines[1]!.posted.length, 1);
  port.close();
});

Deno.test("an engine that ends with the service is no failure", async () => {
  await using hosted = await Hosted.up();
  await hosted.stop();
  assert.deepEqual(hosted.said, ["up", "no stats", "lost: shutdown"]);
  assert.deepEqual(hosted.log.errors, []);
});

Deno.test("while there is no engine, a call gets no port and goes without", async () => {
  await using hosted = await Hosted.up();
  await hosted.stop();
  assert.equal(hosted.host.attach(), undefined);
  assert.equal(await hosted.host.injectFault("throw"), undefined);
});

Deno.test("what the engine measures reaches the metrics", async () => {
  await using hosted = await Hosted.up();
  const none = { count: 0, p50: 0, p95: 0, max: 0 };
  hosted.engines[0]!.says({
    kind: "stats",
    stats: {
      calls: 3,
      vad: { waiting: 0, batchSize: none, latency: none },
      recognition: {
        recognizers: 1,
        busyMs: 0,
        waiting: 0,
        longestWaitMs: 0,
        urgentLatency: none,
        time: none,
        outcomes: { text: 0, superseded: 0, busy: 0 },
      },
      voice: undefined,
    },
  });
  assert.deepEqual(hosted.said, ["up", "3 calls"]);
});

Deno.test("the engine holds no key: it speaks to nobody", async () => {
  await using hosted = await Hosted.up();
  const { settings } = hosted.engines[0]!.options.data as EngineIsolateData;
  assert.doesNotMatch(JSON.stringify(settings), /of the model|of the PBX/);
});
