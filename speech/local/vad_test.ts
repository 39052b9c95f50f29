import assert from "node:assert/strict";
import { eventually } from "../../testing/eventually.ts";
import { FakeEngine, heardBy, silentWindow, voiceWindow } from "./engine_rig.ts";

Deno.test("VAD goes by loudness while the engine does not answer, and by the engine once it does again", async () => {
  const engine = new FakeEngine();
  const heard: string[] = [];
  using local = engine.connect({
    vadDeadlineMs: 1000,
    onDegraded: (reason) => heard.push(`degraded: ${reason}`),
    onRestored: () => heard.push("restored"),
  });
  assert.equal(await heardBy(local, voiceWindow()), 0.75);
  engine.vadAnswer = () => undefined;
  const stuck = [voiceWindow(), silentWindow()].map((window) => heardBy(local, window));
  assert.deepEqual(await Promise.all(stuck), [1, 0]);
  assert.match(heard[0]!, /degraded: .*1000 ms/);

  engine.vadAnswer = () => 0.75;
  await eventually(() => {
    void local.vad.probability(silentWindow());
    return heard.includes("restored");
  }, "VAD is restored");
  assert.equal(await heardBy(local, voiceWindow()), 0.75);
  assert.equal(engine.streams, 2, "what was heard before the gap is forgotten");
});

Deno.test("VAD goes by loudness when the engine fails at a window", async () => {
  const engine = new FakeEngine();
  const reasons: string[] = [];
  using local = engine.connect({ vadDeadlineMs: 60_000, onDegraded: (why) => reasons.push(why) });
  engine.vadAnswer = () => NaN;
  assert.equal(await heardBy(local, voiceWindow()), 1);
  assert.match(String(reasons), /failed at a window/);
});

Deno.test("when the engine dies, pending windows are answered immediately and in order", async () => {
  const engine = new FakeEngine();
  const reasons: string[] = [];
  using local = engine.connect({ vadDeadlineMs: 60_000, onDegraded: (why) => reasons.push(why) });
  engine.vadAnswer = () => undefined;
  const order: number[] = [];
  const waiting = [1, 2, 3].map(async (n) => {
    await heardBy(local, voiceWindow());
    order.push(n);
  });
  local.close("out of memory");
  await Promise.all(waiting);
  assert.deepEqual(order, [1, 2, 3]);
  assert.equal(reasons.length, 1);
  assert.match(reasons[0]!, /out of memory/);

  const next = new FakeEngine();
  next.serve((port) => local.reconnect(port));
  await heardBy(local, silentWindow());
  await eventually(() => next.windows > 0, "the new engine gets a window");
});
