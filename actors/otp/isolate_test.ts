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
    isMessage: (message) => Object(message).kind === "echoed",
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
  assert.match(
    log.errors.join(),
    /where=handler isolate=fixture kind=echoed error="cannot take this" stack=/,
  );
  isolate.kill();
  assert.equal(await isolate.exited, "shutdown");
});

test("messages that are none are dropped; an isolate that sends many is given up", async () => {
  using log = new LogLines();
  const isolate = await start();
  const heard: unknown[] = [];
  const next = Promise.withResolvers<void>();
  isolate.listen((message) => {
    heard.push(message);
    next.resolve();
  });
  const odd = [null, 7, "text", {}, { control: null }, { control: { kind: "pong", seq: "1" } }, {
    message: { kind: "unheard of" },
  }];
  for (const raw of odd) isolate.post({ kind: "post", raw, times: 1 });
  isolate.post({ kind: "echo", text: "still here" });
  await next.promise;
  assert.deepEqual(heard, [{ kind: "echoed", text: "still here" }]);
  assert.match(log.errors.join(), /where=message isolate=fixture kind=unknown/);
  isolate.post({ kind: "post", raw: { message: "no" }, times: 20 });
  assert.equal(await isolate.exited, "crash");
  assert.match(isolate.detail, /20 messages that are none/);
});

test("an isolate that sends 100,000 messages is given up, and its neighbour is still served", async () => {
  const [flooding, neighbour] = await Promise.all([start(), start()]);
  let taken = 0;
  flooding.listen(() => void taken++);
  const answer = Promise.withResolvers<string>();
  neighbour.listen(({ text }) => answer.resolve(text));
  const raw = { message: { kind: "echoed", text: "again" } };
  flooding.post({ kind: "post", raw, times: 100_000 });
  neighbour.post({ kind: "echo", text: "served" });
  assert.equal(await answer.promise, "served");
  assert.equal(await flooding.exited, "crash");
  assert.match(flooding.detail, /more than 1000 messages in a second/);
  assert.ok(taken <= 2000, `${taken} taken`);
  neighbour.kill();
  await neighbour.exited;
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
