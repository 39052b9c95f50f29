import assert from "node:assert/strict";
import { FAULT_KINDS } from "./control.ts";
import { Isolate, IsolateStartError } from "./isolate.ts";
import type { FixtureData, FromFixture, ToFixture } from "./isolate_fixture.ts";
import { LogLines } from "../../testing/log_lines.ts";
import { hungThreads } from "../../runtime/repairs/hung_thread.ts";

/** Fast enough for a test, slow enough for a busy machine. */
const HEARTBEAT = { intervalMs: 300, maxMissed: 3 };

function start(fails?: FixtureData["fails"], initTimeoutMs = 20_000) {
  const data: FixtureData = { logLevel: "error", fails };
  return Isolate.start<ToFixture, FromFixture>({
    name: "fixture",
    module: new URL("./isolate_fixture.ts", import.meta.url),
    data,
    heapMb: 64,
    initTimeoutMs,
    heartbeat: HEARTBEAT,
  });
}

/** A terminated worker leaves ops of its own behind for a moment. */
function test(name: string, run: () => Promise<void>): void {
  Deno.test({ name, fn: run, sanitizeOps: false, sanitizeResources: false });
}

test("an isolate answers what it is sent, in order", async () => {
  const isolate = await start();
  const heard: string[] = [];
  const both = Promise.withResolvers<void>();
  isolate.listen(({ text }) => heard.push(text) === 2 && both.resolve());
  isolate.post({ kind: "echo", text: "one" });
  isolate.post({ kind: "echo", text: "two" });
  await both.promise;
  assert.deepEqual(heard, ["one", "two"]);
  isolate.kill();
  assert.equal(await isolate.exited, "shutdown");
});

test("an owner that stumbles over a message still gets the next one, and the process lives", async () => {
  using log = new LogLines();
  const isolate = await start();
  const next = Promise.withResolvers<string>();
  isolate.listen(({ text }) => {
    if (text === "odd") throw new Error("cannot take this");
    next.resolve(text);
  });
  isolate.post({ kind: "echo", text: "odd" });
  isolate.post({ kind: "echo", text: "even" });
  assert.equal(await next.promise, "even");
  assert.match(log.errors.join(), /where=handler isolate=fixture error="cannot take this" stack=/);
  isolate.kill();
  assert.equal(await isolate.exited, "shutdown");
});

const ENDS = { throw: "crash", exit: "exit", oom: "out_of_memory", hang: "hang" } as const;

for (const fault of FAULT_KINDS) {
  const reason = ENDS[fault];
  test(`${fault}: the isolate ends with "${reason}", and the process lives`, async () => {
    const isolate = await start();
    isolate.injectFault(fault);
    assert.equal(await isolate.exited, reason);
    assert.notEqual(isolate.detail, "");
  });
}

test("an unhandled rejection is a crash, not a silence", async () => {
  const isolate = await start();
  isolate.post({ kind: "echo", text: "late crash" });
  assert.equal(await isolate.exited, "crash");
});

test("an isolate that has finished its work ends normally", async () => {
  const isolate = await start();
  isolate.post({ kind: "finish" });
  assert.equal(await isolate.exited, "normal");
});

test("an isolate that is asked to stop ends by itself", async () => {
  const isolate = await start();
  isolate.shutdown();
  assert.equal(await isolate.exited, "shutdown");
});

test("an isolate that cannot initialise fails its start with the cause", async () => {
  await assert.rejects(start("with an error"), (error) => {
    assert.ok(error instanceof IsolateStartError);
    assert.equal(error.reason, "crash");
    assert.match(error.message, /cannot initialise/);
    return true;
  });
});

test("an isolate that never becomes ready is ended", async () => {
  await assert.rejects(
    start("by never being ready", 500),
    (error) => error instanceof IsolateStartError && error.reason === "init_timeout",
  );
});

test("messages to a dead isolate are dropped, and nobody waits for it", async () => {
  const isolate = await start();
  isolate.kill();
  isolate.post({ kind: "echo", text: "anybody?" });
  isolate.shutdown();
  assert.equal(await isolate.exited, "shutdown");
});

test("an isolate that hangs gets no CPU that anybody else wants", async () => {
  if (Deno.build.os !== "linux") return;
  const before = hungThreads("/proc/self");
  const isolate = await start();
  isolate.injectFault("hang");
  assert.equal(await isolate.exited, "hang");
  const hung = hungThreads("/proc/self").filter((thread) => !before.includes(thread));
  assert.equal(hung.length, 1);
});
