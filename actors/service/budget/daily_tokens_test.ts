import assert from "node:assert/strict";
import { join } from "node:path";
import { mock } from "node:test";
import { LogLines } from "../../../testing/log_lines.ts";
import { DailyTokens } from "./daily_tokens.ts";

/** A service's count of the day's tokens; its file outlives it. */
class Day implements AsyncDisposable {
  now = new Date(2026, 10, 26, 23, 0);
  readonly told: boolean[] = [];
  readonly measured: number[][] = [];
  readonly count: DailyTokens;

  constructor(readonly path: string, limit: number) {
    this.count = new DailyTokens({
      path,
      limit,
      metrics: { tokensOfDay: (...figures) => void this.measured.push(figures) },
      onSpent: (spent) => void this.told.push(spent),
      now: () => this.now,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.count[Symbol.asyncDispose]();
  }
}

async function file(text?: string): Promise<string> {
  const path = join(await Deno.makeTempDir(), "model-tokens.json");
  if (text !== undefined) await Deno.writeTextFile(path, text);
  return path;
}

Deno.test("when the day's tokens are used up, that is said once, and measured", async () => {
  using log = new LogLines();
  await using day = new Day(await file(), 1000);
  day.count.add(999);
  assert.equal(day.count.spent, false);
  assert.equal(day.count.problem, undefined);
  for (let request = 0; request < 5; request++) day.count.add(1);
  assert.deepEqual(day.told, [true]);
  assert.match(day.count.problem ?? "", /LLM_DAILY_TOKENS/);
  assert.equal(log.warnings.length, 1);
  assert.deepEqual(day.measured.at(-1), [1004, 1000]);
});

Deno.test("at midnight of the host's time models answer again, though no call has come", async () => {
  mock.timers.enable({ apis: ["setInterval"] });
  try {
    await using day = new Day(await file(), 1000);
    day.count.add(5000);
    day.now = new Date(2026, 10, 27, 0, 0);
    mock.timers.tick(60_000);
    assert.deepEqual(day.told, [true, false]);
    assert.deepEqual(day.measured.at(-1), [0, 1000]);
  } finally {
    mock.timers.reset();
  }
});

Deno.test("a restart of the service gives no tokens back, and its file is for nobody else", async () => {
  const path = await file();
  {
    await using before = new Day(path, 1000);
    for (let request = 0; request < 50; request++) before.count.add(20);
  }
  await using after = new Day(path, 1000);
  assert.deepEqual(after.told, [true]);
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
});

Deno.test("yesterday's tokens do not count today", async () => {
  await using day = new Day(await file('{"day":"2026-11-25","tokens":5000}'), 1000);
  assert.equal(day.count.spent, false);
});

Deno.test("a count that is damaged begins at 0 with a warning, and calls are taken", async () => {
  const broken = ["", "{", "null", "[]", "7", '{"day":1,"tokens":2}', '{"day":"x","tokens":-1}'];
  for (const text of [...broken, '{"day":"2026-11-26","tokens":"many"}', '{"day":"2026-11-26"}']) {
    using log = new LogLines();
    await using day = new Day(await file(text), 1000);
    assert.deepEqual(day.measured.at(-1), [0, 1000], text);
    assert.equal(log.warnings.length, 1, text);
  }
});

Deno.test("a count that cannot be written goes on in memory, with one warning", async () => {
  using log = new LogLines();
  await using day = new Day(join(await Deno.makeTempDir(), "none", "model-tokens.json"), 1000);
  const warned = log.written(/could not be written/);
  day.count.add(10);
  await warned;
  day.count.add(1000);
  assert.deepEqual(day.told, [true]);
});

Deno.test("0 bounds nothing", async () => {
  await using day = new Day(await file(), 0);
  day.count.add(1e12);
  assert.deepEqual(day.told, []);
  assert.deepEqual(day.measured.at(-1), [1e12, 0]);
});
