import assert from "node:assert/strict";
import { settingsWith } from "../../../config/read_settings.ts";
import { LogLines } from "../../../testing/log_lines.ts";
import { MockedTimers, settled } from "../../../testing/mocked_timers.ts";
import { FakeSpec } from "../../otp/supervisor_rig.ts";
import { EngineKeeper, needsEngine } from "./engine_keeper.ts";

/** What a test of the keeper plays with. */
interface Scene {
  readonly engine: FakeSpec;
  readonly keeper: EngineKeeper;
  /** What `onRest` was called with, in order. */
  readonly rests: boolean[];
  /** Lets time pass; nothing else does. */
  pass(ms: number): Promise<void>;
  /** The engine dies, and again as soon as it is back, `times` times. */
  dies(times: number): Promise<void>;
}

function scene(name: string, play: (scene: Scene) => Promise<void>): void {
  Deno.test(name, async () => {
    using _log = new LogLines();
    using time = new MockedTimers();
    const engine = new FakeSpec("speech engine");
    const rests: boolean[] = [];
    await using keeper = new EngineKeeper({
      spec: engine,
      onRest: (resting) => void rests.push(resting),
    });
    const dies = async (times: number) => {
      for (let i = 0; i < times; i++) {
        engine.last.die("crash");
        await settled();
      }
    };
    await play({ engine, keeper, rests, pass: (ms) => time.pass(ms), dies });
  });
}

scene(
  "an engine that dies is replaced without a pause",
  async ({ engine, keeper, rests, dies }) => {
    await keeper.start();
    assert.equal(engine.starts.length, 1);
    await dies(3);
    assert.equal(engine.starts.length, 4);
    assert.deepEqual(rests, []);
  },
);

scene("an engine that dies over and over is given a rest, and then begun anew", async (scene) => {
  const { engine, keeper, rests, pass, dies } = scene;
  await keeper.start();
  await dies(11);
  assert.deepEqual(rests, [true]);
  assert.equal(engine.starts.length, 11);
  await pass(29_999);
  assert.equal(engine.starts.length, 11);
  await pass(1);
  assert.equal(engine.starts.length, 12);
  assert.deepEqual(rests, [true, false]);
  await dies(11);
  assert.deepEqual(rests, [true, false, true]);
});

scene(
  "an engine that does not start is tried again after each rest, as often as it takes",
  async (scene) => {
    const { engine, keeper, rests, pass } = scene;
    engine.failing = 3;
    await keeper.start();
    for (let i = 0; i < 3; i++) {
      await settled();
      assert.equal(engine.starts.length, 0);
      await pass(30_000);
    }
    assert.equal(engine.starts.length, 1);
    assert.deepEqual(rests, [true, true, true, false]);
  },
);

scene("an engine that is to stop is asked to, and is not replaced", async ({ engine, keeper }) => {
  await keeper.start();
  await keeper[Symbol.asyncDispose]();
  assert.equal(engine.last.asked, 1);
  await settled();
  assert.equal(engine.starts.length, 1);
});

scene("a service that ends while its engine rests does not start it again", async (scene) => {
  const { engine, keeper, pass, dies } = scene;
  await keeper.start();
  await dies(11);
  await keeper[Symbol.asyncDispose]();
  await pass(60_000);
  assert.equal(engine.starts.length, 11);
});

scene("a service that ends before its engine was started does not start it", async (scene) => {
  const { engine, keeper } = scene;
  await keeper[Symbol.asyncDispose]();
  await keeper.start();
  assert.equal(engine.starts.length, 0);
});

Deno.test("only a service with nobody else to hear, or to speak, needs the engine for its calls", () => {
  const needs = (asr: "local" | "yandex", ...tts: ("local" | "yandex")[]) =>
    needsEngine(settingsWith({ ASR_PROVIDER: [asr], TTS_PROVIDER: tts }));
  assert.equal(needs("local", "yandex"), true);
  assert.equal(needs("yandex", "local"), true);
  assert.equal(needs("yandex", "yandex"), false);
  assert.equal(needs("yandex", "yandex", "local"), false);
});
