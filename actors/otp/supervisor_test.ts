// Each test is a sentence of the Erlang/OTP documentation: stdlib `supervisor` and "Supervisor
// Behaviour" in OTP Design Principles.

import assert from "node:assert/strict";
import { LogLines } from "../../testing/log_lines.ts";
import { type Child, Supervisor, SupervisorError, type SupervisorOptions } from "./supervisor.ts";
import { FakeChild, FakeSpec } from "./supervisor_rig.ts";

/** Lets everything happen that is ready to. */
const settle = () => new Promise((resolve) => setTimeout(resolve));

function supervisor(options: SupervisorOptions = {}): Supervisor {
  return new Supervisor({ intensity: 10, ...options });
}

Deno.test("a permanent child process is always restarted", async () => {
  const spec = new FakeSpec("a");
  const sup = supervisor();
  await sup.start([spec]);
  for (const reason of ["normal", "shutdown", "crash"] as const) {
    spec.last.die(reason);
    await settle();
  }
  assert.equal(spec.starts.length, 4);
  assert.deepEqual(spec.exits, [undefined, "normal", "shutdown", "crash"]);
  await sup.stop();
});

Deno.test("a transient child process is restarted only if it terminates abnormally", async () => {
  for (
    const [reason, starts] of [["normal", 1], ["shutdown", 1], ["crash", 2], ["hang", 2], [
      "exit",
      2,
    ], ["out_of_memory", 2]] as const
  ) {
    const spec = new FakeSpec("a", "transient");
    const sup = supervisor();
    await sup.start([spec]);
    spec.last.die(reason);
    await settle();
    assert.equal(spec.starts.length, starts, reason);
    await sup.stop();
  }
});

Deno.test("a temporary child process is never restarted, and its specification is deleted", async () => {
  const spec = new FakeSpec("a", "temporary");
  const sup = supervisor();
  await sup.start([spec]);
  spec.last.die("crash");
  await settle();
  assert.equal(spec.starts.length, 1);
  await sup.startChild(spec);
  assert.equal(spec.starts.length, 2);
  await sup.stop();
});

Deno.test("one_for_one: if one child process terminates, only that one is restarted", async () => {
  const [a, b, c] = [new FakeSpec("a"), new FakeSpec("b"), new FakeSpec("c")];
  const sup = supervisor();
  await sup.start([a, b, c]);
  b.last.die("crash");
  await settle();
  assert.deepEqual([a.starts.length, b.starts.length, c.starts.length], [1, 2, 1]);
  await sup.stop();
});

Deno.test("children are started in order and terminated in reverse start order", async () => {
  const log: string[] = [];
  const sup = supervisor();
  await sup.start(["a", "b", "c"].map((id) => new FakeSpec(id, "permanent", 1000, true, log)));
  await sup.stop();
  assert.deepEqual(log, ["+a", "+b", "+c", "-c", "-b", "-a"]);
});

Deno.test("if a child start fails, the children already started are terminated and start fails", async () => {
  const log: string[] = [];
  const [a, b] = [
    new FakeSpec("a", "permanent", 1000, true, log),
    new FakeSpec("b", "permanent", 1000, true, log),
  ];
  b.failing = 1;
  const sup = supervisor();
  await assert.rejects(sup.start([a, b]), /cannot start/);
  assert.deepEqual(log, ["+a", "-a"]);
  assert.equal(await sup.exited, "shutdown");
});

Deno.test("more than MaxR restarts within MaxT: the supervisor terminates all children and then itself", async () => {
  const [a, b] = [new FakeSpec("a"), new FakeSpec("b")];
  const sup = new Supervisor({ intensity: 2, periodMs: 1000, now: () => 0 });
  await sup.start([a, b]);
  for (let i = 0; i < 3; i++) {
    a.last.die("crash");
    await settle();
  }
  assert.equal(await sup.exited, "shutdown");
  assert.equal(a.starts.length, 3);
  assert.equal(b.last.asked, 1);
});

Deno.test("restarts older than MaxT are forgotten", async () => {
  let now = 0;
  const a = new FakeSpec("a");
  const sup = new Supervisor({ intensity: 1, periodMs: 1000, now: () => now });
  await sup.start([a]);
  for (let i = 0; i < 5; i++) {
    a.last.die("crash");
    await settle();
    now += 1001;
  }
  assert.equal(a.starts.length, 6);
  await sup.stop();
});

Deno.test("the defaults are OTP's: intensity 1, period 5 seconds", async () => {
  let now = 0;
  const a = new FakeSpec("a");
  const sup = new Supervisor({ now: () => now });
  await sup.start([a]);
  a.last.die("crash");
  await settle();
  now = 5001;
  a.last.die("crash");
  await settle();
  assert.equal(a.starts.length, 3);
  now = 10_001;
  a.last.die("crash");
  assert.equal(await sup.exited, "shutdown");
});

Deno.test("a restart that fails is tried again, each try counting towards the intensity", async () => {
  const failures: unknown[] = [];
  const a = new FakeSpec("a");
  const sup = new Supervisor({
    intensity: 3,
    now: () => 0,
    onStartFailed: (_, error) => failures.push(error),
  });
  await sup.start([a]);
  a.failing = 2;
  a.last.die("crash");
  await settle();
  assert.equal(a.starts.length, 2);
  assert.equal(failures.length, 2);
  a.failing = 5;
  a.last.die("crash");
  assert.equal(await sup.exited, "shutdown");
});

Deno.test("an integer shutdown: asked first, and killed when no exit is received within that time", async () => {
  const a = new FakeSpec("a", "permanent", 5, false);
  const sup = supervisor();
  await sup.start([a]);
  await sup.stop();
  assert.deepEqual([a.last.asked, a.last.killed], [1, 1]);
});

Deno.test("brutal_kill: unconditionally terminated", async () => {
  const a = new FakeSpec("a", "permanent", "brutal_kill", false);
  const sup = supervisor();
  await sup.start([a]);
  await sup.stop();
  assert.deepEqual([a.last.asked, a.last.killed], [0, 1]);
});

Deno.test("infinity: the child is given ample time to shut down", async () => {
  const a = new FakeSpec("a", "permanent", "infinity", false);
  const sup = supervisor();
  await sup.start([a]);
  let stopped = false;
  const stopping = sup.stop().then(() => stopped = true);
  await settle();
  assert.equal(stopped, false);
  a.last.die("normal");
  await stopping;
  assert.equal(a.last.killed, 0);
});

Deno.test("an id that is taken is refused, and the word says whether the child still runs", async () => {
  const [a, b] = [new FakeSpec("a"), new FakeSpec("b", "transient")];
  const sup = supervisor();
  await sup.start([a, b]);
  b.last.die("normal");
  await settle();
  await assert.rejects(sup.startChild(a), new SupervisorError("already_started", "a"));
  await assert.rejects(sup.startChild(b), new SupervisorError("already_present", "b"));
  await sup.stop();
  await assert.rejects(sup.startChild(new FakeSpec("c")), new SupervisorError("shutdown", "c"));
});

Deno.test("a start that finishes after the supervisor was stopped leaves no child behind", async () => {
  const started = Promise.withResolvers<Child>();
  const child = new FakeChild();
  const sup = supervisor();
  const starting = sup.startChild({
    id: "slow",
    restart: "permanent",
    shutdown: 1000,
    start: () => started.promise,
  });
  const stopping = sup.stop();
  started.resolve(child);
  await Promise.all([starting, stopping]);
  assert.equal(child.asked, 1);
});

Deno.test("supervisors form trees: one is a child of another, and its end restarts it there", async () => {
  const leaf = new FakeSpec("leaf");
  const trees: Supervisor[] = [];
  const top = supervisor();
  await top.start([{
    id: "tree",
    restart: "permanent",
    shutdown: "infinity",
    start: async () => {
      const tree = new Supervisor({ intensity: 0, now: () => 0 });
      await tree.start([leaf]);
      trees.push(tree);
      return tree;
    },
  }]);
  leaf.last.die("crash");
  await settle();
  assert.equal(trees.length, 2);
  assert.equal(leaf.starts.length, 2);
  await top.stop();
  assert.equal(leaf.last.asked, 1);
});

Deno.test("a child is restarted though whoever is told of its end throws", async () => {
  using log = new LogLines();
  const spec = new FakeSpec("a");
  const fail = () => {
    throw new Error("cannot be told");
  };
  const sup = supervisor({ onExit: fail, onStartFailed: fail });
  await sup.start([spec]);
  spec.failing = 1;
  spec.last.die("crash");
  await settle();
  assert.equal(spec.starts.length, 2);
  assert.equal(
    log.errors.filter((line) => /where=supervisor .*cannot be told/.test(line)).length,
    2,
  );
  await sup.stop();
});
