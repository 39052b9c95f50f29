import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { mock } from "node:test";
import { LogLines } from "../../../testing/log_lines.ts";
import type { CallEvent } from "../../call_record.ts";
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
    skipped: 0,
    journalFailed() {
      this.failures++;
    },
    journalSkipped(rows: number) {
      this.skipped += rows;
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
    for (let i = 0; i < 10; i++) journal.begin({ ...CALL, id: `next${i}` });
    for (let i = 0; i < 99_990; i++) journal.append(`next${i % 10}`, { kind: "nudged" }, i);
    const ids = journal.liveCalls().map(({ id }) => id);
    assert.equal(ids.length, 10);
    assert.ok(!ids.includes("oldest"));
  }));

Deno.test("a data folder that does not exist is made", () =>
  inFolder((path) => {
    using journal = Journal.open(join(path, "data", "journal.sqlite"), metrics());
    assert.equal(journal.problem, undefined);
  }));

Deno.test("a journal that cannot be opened costs no call: it is kept in memory, and says why", () =>
  inFolder((path) => {
    using log = new LogLines();
    writeFileSync(path, "a file where a folder should be");
    const bad = join(path, "journal.sqlite");
    const counted = metrics();
    using journal = Journal.open(bad, counted);
    assert.equal(counted.failures, 1);
    assert.equal(log.errors.length, 1);
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
  }));

Deno.test("two calls with one id cost neither the journal nor each other's end", () =>
  inFolder((path) => {
    using journal = Journal.open(path, metrics());
    journal.begin(CALL);
    journal.begin({ ...CALL, startedAt: 1500 });
    journal.begin({ ...CALL, id: "later" });
    journal.append("c1", { kind: "ended", reason: "hangup" }, 3000);
    assert.deepEqual(journal.liveCalls().map(({ id }) => id), ["later"]);
    assert.equal(journal.problem, undefined);
    assert.equal(journal.endedCalls(1)[0]!.startedAt, 1000);
  }));

Deno.test("an entry that the database refuses costs only itself", () =>
  inFolder((path) => {
    using log = new LogLines();
    const counted = metrics();
    using journal = Journal.open(path, counted);
    journal.begin(CALL);
    journal.append("c1", EVENTS[0]!, 1.5); // The column holds whole numbers.
    journal.append("c1", EVENTS[4]!, 2000);
    assert.equal(journal.liveCalls()[0]!.phase, "listening");
    assert.equal(counted.skipped, 1);
    assert.equal(log.warnings.length, 1);
    assert.equal(journal.problem, undefined);
  }));

Deno.test("a call that never stops has a share of the journal, and its end is kept", () =>
  inFolder((path) => {
    using log = new LogLines();
    const counted = metrics();
    using journal = Journal.open(path, counted);
    journal.begin(CALL);
    const words = "word ".repeat(12_000);
    for (let i = 0; i < 300; i++) {
      journal.append("c1", { kind: "caller_turn", turn: 0, text: words }, i);
    }
    journal.append("c1", { kind: "ended", reason: "hangup" }, 3000);
    assert.deepEqual(journal.liveCalls(), []);
    using reader = new DatabaseSync(path);
    const { chars } = reader.prepare("SELECT sum(length(event)) AS chars FROM events").get()!;
    assert.ok(Number(chars) <= 8_000_100, `${chars} characters`);
    assert.ok(counted.skipped > 100);
    assert.equal(log.warnings.length, 1);
    assert.equal(journal.endedCalls(1)[0]!.endReason, "hangup");
  }));

Deno.test("only the bot's own user can read the journal, also one that was open to all before", () =>
  inFolder((path) => {
    const umask = Deno.umask(0o022);
    try {
      for (const companion of ["", "-wal", "-shm"]) writeFileSync(path + companion, "");
      using journal = Journal.open(path, metrics());
      journal.begin(CALL, "+7 900 000-00-01");
      assert.equal(journal.liveCalls().length, 1);
      for (const name of [path, `${path}-wal`, `${path}-shm`, join(dirname(path), "caller.key")]) {
        assert.equal(statSync(name).mode & 0o777, 0o600, name);
      }
    } finally {
      Deno.umask(umask);
    }
  }));

Deno.test("the journal of version 0.2.0 is taken over with its calls", () =>
  inFolder((path) => {
    {
      using old = new DatabaseSync(path);
      old.exec(`
        PRAGMA journal_mode = WAL;
        CREATE TABLE calls (
          id TEXT PRIMARY KEY, channel_id TEXT NOT NULL, caller TEXT NOT NULL,
          started_at INTEGER NOT NULL, ended INTEGER NOT NULL DEFAULT 0) STRICT;
        CREATE INDEX live_calls ON calls (ended) WHERE ended = 0;
        CREATE TABLE events (
          seq INTEGER PRIMARY KEY, call_id TEXT NOT NULL, at INTEGER NOT NULL, event TEXT NOT NULL
        ) STRICT;
        CREATE INDEX events_of_call ON events (call_id, seq);
        INSERT INTO calls VALUES ('c1', 'ch1', '***21', 1000, 0), ('c0', 'ch0', '***22', 900, 1);
        INSERT INTO events (call_id, at, event) VALUES ('c1', 2000, '{"kind":"phase","phase":"greeting"}');
      `);
    }
    for (const run of ["first", "second"]) {
      using journal = Journal.open(path, metrics());
      assert.equal(journal.liveCalls()[0]!.phase, "greeting", run);
      assert.equal(journal.endedCalls(5)[0]!.id, "c0", run);
      assert.equal(journal.problem, undefined);
    }
  }));
