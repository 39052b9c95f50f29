import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { mock } from "node:test";
import { LogLines } from "../../testing/log_lines.ts";
import type { CallEvent } from "../call_record.ts";
import { Journal } from "./journal.ts";

const CALL = { id: "c1", channelId: "ch1", caller: "***21", startedAt: 1000 };
const EVENTS: readonly CallEvent[] = [
  { kind: "phase", phase: "greeting" },
  { kind: "bot_phrase", turn: 0, phrase: 0, text: "Здравствуйте!" },
  { kind: "answer_complete", turn: 0, phrases: 1 },
  { kind: "phrase_heard", turn: 0, phrase: 0 },
  { kind: "phase", phase: "listening" },
  { kind: "caller_turn", turn: 1, text: "Сколько стоит?" },
  { kind: "restarted", reason: "hang", phase: "thinking", waitedMs: 40 },
];

/** Runs a script with a path for a journal, in time that passes only where the script says so. */
async function inFolder(run: (path: string) => void | Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "journal-"));
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    await run(join(folder, "journal.sqlite"));
  } finally {
    mock.timers.reset();
    await rm(folder, { recursive: true });
  }
}

/** Keeps everybody else from writing to the journal, until it is disposed. */
function blocker(path: string): Disposable {
  const db = new DatabaseSync(path);
  db.exec("BEGIN EXCLUSIVE");
  return db;
}

function metrics() {
  return {
    failures: 0,
    journalFailed() {
      this.failures++;
    },
  };
}

Deno.test("the next run of the service finds a live call as it was", () =>
  inFolder((path) => {
    {
      using journal = Journal.open(path, metrics());
      journal.begin(CALL);
      EVENTS.forEach((event, i) => journal.append("c1", event, 2000 + i));
    }
    using journal = Journal.open(path, metrics());
    const [record, ...others] = journal.liveCalls();
    assert.deepEqual(others, []);
    assert.equal(record!.channelId, "ch1");
    assert.equal(record!.phase, "listening");
    assert.equal(record!.turns[0]!.phrases[0]!.heard, true);
    assert.equal(record!.turns[1]!.caller, "Сколько стоит?");
    assert.deepEqual(record!.restarts, [{
      at: 2006,
      reason: "hang",
      phase: "thinking",
      waitedMs: 40,
    }]);
  }));

Deno.test("ended calls are no longer live, and are listed newest first", () =>
  inFolder((path) => {
    using journal = Journal.open(path, metrics());
    for (const [id, startedAt] of [["old", 1], ["new", 2]] as const) {
      journal.begin({ ...CALL, id, startedAt });
      journal.append(id, { kind: "ended", reason: "hangup" }, 9);
    }
    assert.deepEqual(journal.liveCalls(), []);
    assert.deepEqual(journal.endedCalls(10).map(({ id }) => id), ["new", "old"]);
    assert.equal(journal.endedCalls(1)[0]!.endReason, "hangup");
  }));

Deno.test("live calls are found oldest first", () =>
  inFolder((path) => {
    using journal = Journal.open(path, metrics());
    for (const [id, startedAt] of [["new", 2], ["old", 1]] as const) {
      journal.begin({ ...CALL, id, startedAt });
    }
    assert.deepEqual(journal.liveCalls().map(({ id }) => id), ["old", "new"]);
  }));

Deno.test("events reach the disk by themselves, without the journal being closed", () =>
  inFolder((path) => {
    using journal = Journal.open(path, metrics());
    journal.begin(CALL);
    using reader = new DatabaseSync(path);
    const count = () => Number(reader.prepare("SELECT count(*) AS n FROM calls").get()!.n);
    assert.equal(count(), 0, "nobody waited for the disk");
    mock.timers.tick(5);
    assert.equal(count(), 1);
  }));

Deno.test("a disk that refuses writes is counted, and nothing is lost once it takes them again", () =>
  inFolder((path) => {
    const counted = metrics();
    using log = new LogLines();
    using journal = Journal.open(path, counted);
    {
      using _blocker = blocker(path);
      journal.begin(CALL);
      mock.timers.tick(5);
      assert.equal(counted.failures, 1);
      assert.match(journal.problem!, /cannot be written/);
      journal.append("c1", EVENTS[0]!, 2000);
      mock.timers.tick(999);
      assert.equal(counted.failures, 1);
      mock.timers.tick(1);
      assert.equal(counted.failures, 2);
    }
    mock.timers.tick(1000);
    assert.equal(journal.problem, undefined);
    assert.equal(journal.liveCalls()[0]!.phase, "greeting");
    assert.equal(counted.failures, 2);
    assert.equal(log.errors.length, 1, log.errors.join(""));
    assert.match(log.all.at(-1)!, /journal can be written again/);
  }));

Deno.test("a disk that refuses writes for long costs the oldest events, not all memory", () =>
  inFolder((path) => {
    using _log = new LogLines();
    using journal = Journal.open(path, metrics());
    journal.begin({ ...CALL, id: "oldest" });
    journal.begin({ ...CALL, id: "next" });
    for (let i = 0; i < 99_999; i++) journal.append("next", { kind: "nudged" }, i);
    assert.deepEqual(journal.liveCalls().map(({ id }) => id), ["next"]);
  }));

Deno.test("a data folder that does not exist is made", () =>
  inFolder((path) => {
    using journal = Journal.open(join(path, "data", "journal.sqlite"), metrics());
    assert.equal(journal.problem, undefined);
  }));

Deno.test("a journal that cannot be opened costs no call: it is kept in memory, and says why", () =>
  inFolder((path) => {
    writeFileSync(
      path,
      "not a journal, and far longer than the header that SQLite looks for".repeat(9),
    );
    for (const bad of [path, join(path, "journal.sqlite")]) {
      const counted = metrics();
      using journal = Journal.open(bad, counted);
      assert.equal(counted.failures, 1);
      assert.match(journal.problem!, /DATA_DIR/);
      assert.ok(journal.problem!.includes(bad));
      journal.begin(CALL);
      journal.append("c1", EVENTS[0]!, 2000);
      assert.equal(journal.liveCalls()[0]!.phase, "greeting");
      journal.append("c1", { kind: "ended", reason: "hangup" }, 3000);
      assert.deepEqual(journal.liveCalls(), []);
      assert.deepEqual(journal.endedCalls(10), []);
      journal.begin(CALL);
      assert.equal(journal.liveCalls()[0]!.phase, "answering", "nothing is left of the ended call");
    }
  }));
