import assert from "node:assert/strict";
import { type AriCommands, AriError, type AriErrorKind } from "../../asterisk/ari/mod.ts";
import { MockedTimers, settled } from "../../testing/mocked_timers.ts";
import { AriGate } from "./ari_gate.ts";

/** A PBX that comes and goes when a test says so, and the failures that were counted. */
class Line {
  up = false;
  readonly commands = {} as AriCommands;
  readonly failures: number[] = [];
  readonly gate = new AriGate(this, {
    ariCommandFailed: (status) => void this.failures.push(status),
  }, () => 1);

  comes(): void {
    this.up = true;
    this.gate.opened();
  }

  goes(): void {
    this.up = false;
    this.gate.closed();
  }
}

/** A line that is up. */
function lineUp(): Line {
  const line = new Line();
  line.comes();
  return line;
}

/** A command that fails as often as there are failures, and then returns how often it was tried. */
function command(...failures: readonly AriError[]): { run(): Promise<number>; tries: number } {
  const command = {
    tries: 0,
    run: () => {
      const failure = failures[command.tries++];
      return failure ? Promise.reject(failure) : Promise.resolve(command.tries);
    },
  };
  return command;
}

function failure(kind: AriErrorKind, status: number): AriError {
  return new AriError(kind, "channels.answer", status, "as the test has it");
}

Deno.test("a command sent while the PBX is away runs once it is back", async () => {
  const line = new Line();
  const answer = command();
  const answered = line.gate.run(answer.run);
  await settled();
  assert.equal(answer.tries, 0);
  line.comes();
  assert.equal(await answered, 1);
});

Deno.test("a PBX that was there and is away again is waited for again", async () => {
  const line = lineUp();
  line.goes();
  const answer = command();
  const answered = line.gate.run(answer.run);
  await settled();
  assert.equal(answer.tries, 0);
  line.comes();
  await answered;
});

Deno.test("a PBX that stays away fails the command, and the error says for how long", async () => {
  using time = new MockedTimers();
  const line = new Line();
  const rejected = assert.rejects(
    line.gate.run(command().run),
    (error: AriError) => error.kind === "unreachable" && /30000 ms/.test(error.message),
  );
  await time.pass(30_000);
  await rejected;
});

Deno.test("a call that is over does not wait for the PBX", async () => {
  const line = new Line();
  const over = new AbortController();
  const answer = command();
  const rejected = assert.rejects(line.gate.run(answer.run, over.signal), /the caller hung up/);
  over.abort(new Error("the caller hung up"));
  await rejected;
  line.comes();
  await settled();
  assert.equal(answer.tries, 0);
});

Deno.test("a command that the PBX itself fails at is tried three times, and each failure is counted", async () => {
  using time = new MockedTimers();
  const line = lineUp();
  const twice = command(failure("unexpected", 500), failure("unexpected", 502));
  const succeeds = line.gate.run(twice.run);
  await time.pass(100);
  await time.pass(100);
  assert.equal(await succeeds, 3);
  assert.deepEqual(line.failures, [500, 502]);

  const always = command(...Array(9).fill(failure("unexpected", 500)));
  const fails = assert.rejects(line.gate.run(always.run), AriError);
  await time.pass(100);
  await time.pass(100);
  await fails;
  assert.equal(always.tries, 3);
});

Deno.test("a PBX that has no room for a command is asked again, ever later, until it has", async () => {
  using time = new MockedTimers();
  const line = lineUp();
  const full = [failure("unreachable", 0), failure("unexpected", 503), failure("crowded", 0)];
  const sendAway = command(...full, ...full);
  const sent = line.gate.run(sendAway.run);
  for (const [nth, pauseMs] of [100, 200, 400, 800, 1600, 3200].entries()) {
    await time.pass(pauseMs - 1);
    assert.equal(sendAway.tries, nth + 1);
    await time.pass(1);
  }
  assert.equal(await sent, 7);
});

Deno.test("a PBX that never has room fails the command in the end", async () => {
  using time = new MockedTimers();
  const line = lineUp();
  const sendAway = command(...Array(9).fill(failure("unreachable", 0)));
  const rejected = assert.rejects(line.gate.run(sendAway.run), AriError);
  for (let nth = 0; nth < 9; nth++) await time.pass(5000);
  await rejected;
  assert.equal(sendAway.tries, 7);
});

Deno.test("commands of one flood do not all come back at the same moment", async () => {
  using time = new MockedTimers();
  const line = new Line();
  const early = new AriGate(line, { ariCommandFailed: () => {} }, () => 0);
  line.comes();
  early.opened();
  const [one, other] = [failure("unreachable", 0), failure("unreachable", 0)].map((error) =>
    command(error)
  ) as [ReturnType<typeof command>, ReturnType<typeof command>];
  const both = [early.run(one.run), line.gate.run(other.run)];
  await time.pass(50);
  assert.deepEqual([one.tries, other.tries], [2, 1]);
  await time.pass(50);
  await Promise.all(both);
});

Deno.test("a command that is not idempotent is tried once", async () => {
  const line = lineUp();
  const dial = command(failure("unexpected", 500));
  await assert.rejects(line.gate.runOnce(dial.run), AriError);
  assert.equal(dial.tries, 1);
});

Deno.test("a refusal is final", async () => {
  const line = lineUp();
  for (const [kind, status] of [["conflict", 409], ["conflict", 500]] as const) {
    const refused = command(failure(kind, status));
    await assert.rejects(line.gate.run(refused.run), AriError);
    assert.equal(refused.tries, 1, `${kind} ${status}`);
  }
  assert.deepEqual(line.failures, [409, 500]);
});

Deno.test("a channel that has hung up is no failure of the PBX", async () => {
  const line = lineUp();
  await assert.rejects(line.gate.run(command(failure("gone", 404)).run), AriError);
  assert.deepEqual(line.failures, []);
});

Deno.test("a call that ends between two tries is not tried again", async () => {
  using time = new MockedTimers();
  const line = lineUp();
  const over = new AbortController();
  const answer = command(failure("unexpected", 500));
  const rejected = assert.rejects(line.gate.run(answer.run, over.signal), /the caller hung up/);
  await time.pass(50);
  over.abort(new Error("the caller hung up"));
  await rejected;
  assert.equal(answer.tries, 1);
});
