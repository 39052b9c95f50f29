import assert from "node:assert/strict";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LogLines } from "../../../testing/log_lines.ts";
import { type CallEvent, heardText } from "../../call_record.ts";
import { Journal } from "./journal.ts";

const CALL = { id: "c1", channelId: "ch1", caller: "***21", startedAt: 1000 };
const PAGE_BYTES = 4096;

/** Counts what goes wrong, as the service's metrics do. */
class Counted {
  failures = 0;
  skipped = 0;
  journalFailed() {
    this.failures++;
  }
  journalSkipped(rows: number) {
    this.skipped += rows;
  }
}

async function inFolder(run: (path: string) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "journal-"));
  try {
    run(join(folder, "journal.sqlite"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A journal with one live call and many that have ended. */
function filled(path: string): void {
  using journal = Journal.open(path, new Counted());
  journal.begin(CALL);
  journal.append("c1", { kind: "phase", phase: "listening" }, 1100);
  for (let i = 0; i < 200; i++) {
    journal.begin({ ...CALL, id: `ended${i}`, startedAt: 2000 + i });
    journal.append(`ended${i}`, { kind: "caller_turn", turn: 0, text: "words ".repeat(200) }, 2100);
    journal.append(`ended${i}`, { kind: "ended", reason: "hangup" }, 2200);
  }
}

function setAside(path: string): string[] {
  return readdirSync(dirname(path)).filter((name) => name.includes(".damaged-"));
}

Deno.test("a journal that is no database is set aside by name, and calls are journalled in a new one", () =>
  inFolder((path) => {
    using log = new LogLines();
    writeFileSync(path, "not a journal, and longer than the header of a database ".repeat(9));
    const counted = new Counted();
    {
      using journal = Journal.open(path, counted);
      assert.deepEqual(journal.endedCalls(10), []);
      journal.begin(CALL);
      const [aside] = setAside(path);
      assert.ok(log.errors[0]!.includes(aside!));
      assert.ok(journal.problem!.includes(aside!));
    }
    assert.equal(counted.failures, 1);
    assert.equal(log.errors.length, 1);
    using journal = Journal.open(path, new Counted());
    assert.equal(journal.liveCalls()[0]!.id, "c1");
    assert.equal(journal.problem, undefined);
  }));

Deno.test("a database of something else in the journal's place is set aside", () =>
  inFolder((path) => {
    using _log = new LogLines();
    {
      using other = new DatabaseSync(path);
      other.exec("CREATE TABLE calls (number TEXT)");
    }
    using journal = Journal.open(path, new Counted());
    journal.begin(CALL);
    assert.equal(journal.liveCalls().length, 1);
    assert.equal(setAside(path).length, 1);
  }));

Deno.test("a database whose rules would refuse or drop every event is set aside", async () => {
  const rules = [
    "CREATE TRIGGER no BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no'); END",
    "CREATE TRIGGER no BEFORE INSERT ON calls BEGIN SELECT RAISE(IGNORE); END",
    "DELETE FROM events; CREATE UNIQUE INDEX one ON events (at)",
    "DROP TABLE events; CREATE TABLE events (seq INTEGER PRIMARY KEY, call_id TEXT, at INTEGER, " +
    "event TEXT, more TEXT NOT NULL)",
    "PRAGMA user_version = -1",
    "PRAGMA user_version = 0",
  ];
  for (const rule of rules) {
    await inFolder((path) => {
      using _log = new LogLines();
      filled(path);
      {
        using db = new DatabaseSync(path);
        db.exec(rule);
      }
      {
        using journal = Journal.open(path, new Counted());
        assert.equal(setAside(path).length, 1, rule);
        journal.begin(CALL);
        journal.append("c1", { kind: "phase", phase: "speaking" }, 5000);
      }
      using journal = Journal.open(path, new Counted());
      assert.deepEqual(journal.liveCalls().map(({ phase }) => phase), ["speaking"], rule);
    });
  }
});

Deno.test("a table of calls that lost its rules takes calls that the next run finds", () =>
  inFolder((path) => {
    using _log = new LogLines();
    filled(path);
    {
      using db = new DatabaseSync(path);
      db.exec(
        "DROP TABLE calls; CREATE TABLE calls (id, channel_id, caller, started_at, ended, caller_key)",
      );
    }
    {
      using journal = Journal.open(path, new Counted());
      journal.begin({ ...CALL, id: "new" });
    }
    using journal = Journal.open(path, new Counted());
    assert.deepEqual(journal.liveCalls().map(({ id }) => id), ["new"]);
  }));

Deno.test("a file that SQLite would only read, because its format is of a version to come, is set aside", () =>
  inFolder((path) => {
    using _log = new LogLines();
    filled(path);
    const bytes = readFileSync(path);
    bytes[18] = 3;
    writeFileSync(path, bytes);
    using journal = Journal.open(path, new Counted());
    assert.equal(setAside(path).length, 1);
    assert.match(journal.problem!, /set aside/);
  }));

Deno.test("a caller's key of any other length is not read, and replaced", () =>
  inFolder((path) => {
    using log = new LogLines();
    const key = join(dirname(path), "caller.key");
    for (const bytes of [0, 31, 33, 50_000_000_000]) {
      writeFileSync(key, "");
      truncateSync(key, bytes);
      using _journal = Journal.open(path, new Counted());
      assert.equal(statSync(key).size, 32);
    }
    rmSync(key);
    mkdirSync(key);
    using journal = Journal.open(path, new Counted());
    journal.begin(CALL, "15550100");
    assert.equal(journal.liveCalls().length, 1);
    assert.match(log.warnings.join(""), /caller\.key/);
  }));

Deno.test("overwritten pages cost no start: whatever can be read is, and calls are journalled", () =>
  inFolder((path) => {
    using _log = new LogLines();
    filled(path);
    const whole = readFileSync(path);
    const pages = whole.length / PAGE_BYTES;
    assert.ok(pages > 20);
    for (let page = 0; page < pages; page += page < 12 ? 1 : 9) {
      const damaged = Uint8Array.from(whole);
      damaged.fill(0xa5, page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
      writeFileSync(path, damaged);
      const counted = new Counted();
      {
        using journal = Journal.open(path, counted);
        for (const record of [...journal.liveCalls(), ...journal.endedCalls(1000)]) {
          assert.doesNotThrow(() => record.turns.map(heardText));
        }
        journal.begin({ ...CALL, id: "new" });
        journal.append("new", { kind: "phase", phase: "speaking" }, 5000);
      }
      using journal = Journal.open(path, counted);
      const found = journal.liveCalls().find(({ id }) => id === "new");
      assert.equal(found?.phase, "speaking", `page ${page}`);
    }
    const names = new Set(setAside(path).map((name) => basename(name)));
    assert.ok(names.size > 1);
  }));

Deno.test("a journal that is damaged under a running service is set aside, and its live calls are kept", () =>
  inFolder((path) => {
    using _log = new LogLines();
    filled(path);
    const damaged = readFileSync(path);
    damaged.fill(0xa5, PAGE_BYTES);
    const counted = new Counted();
    {
      using journal = Journal.open(path, counted);
      assert.equal(journal.liveCalls().length, 1);
      writeFileSync(path, damaged);
      for (let i = 0; i < 50; i++) journal.begin({ ...CALL, id: `new${i}`, startedAt: 9000 + i });
      journal.append("c1", { kind: "phase", phase: "speaking" }, 9100);
      journal.liveCalls();
      journal.endedCalls(1000);
    }
    assert.ok(counted.failures > 0);
    using journal = Journal.open(path, new Counted());
    const live = journal.liveCalls();
    assert.equal(live.length, 51);
    assert.ok(live.some(({ id }) => id === "c1"));
  }));

Deno.test("events that are none are skipped and counted, and the call is told without them", () =>
  inFolder((path) => {
    using log = new LogLines();
    const bad: readonly string[] = [
      '{"kind":"cal',
      "",
      "null",
      "[]",
      "17",
      '"phase"',
      '{"kind":"no such"}',
      '{"kind":"constructor"}',
      '{"kind":"__proto__"}',
      '{"kind":"phase"}',
      '{"kind":"phase","phase":"dancing"}',
      '{"kind":"caller_turn","turn":"1","text":"x"}',
      '{"kind":"caller_turn","turn":-1,"text":"x"}',
      '{"kind":"caller_turn","turn":1e9,"text":"x"}',
      '{"kind":"caller_turn","turn":0,"text":{"toString":1}}',
      '{"kind":"bot_phrase","turn":1,"phrase":4294967294,"text":"x"}',
      '{"kind":"bot_phrase","turn":1,"phrase":9,"text":"out of order"}',
      '{"kind":"phrase_heard","turn":0,"phrase":0}',
      '{"kind":"timings","turn":1,"stages":null}',
      '{"kind":"timings","turn":1,"stages":{"__proto__":1,"lunch":2}}',
      '{"kind":"sources","turn":1,"kb":"general","headings":[]}',
      '{"kind":"tool_begun","turn":1,"id":"t2","call":null,"after":0}',
      '{"kind":"tool_begun","turn":1,"id":"t1","call":{"name":"hang_up"},"after":0}',
      '{"kind":"tool_begun","turn":1,"id":"t3","call":{"name":"take_contact","contact":7},"after":0}',
      '{"kind":"tool_done","id":"t1","result":"perhaps"}',
      '{"kind":"restarted","reason":"boredom","phase":"listening","waitedMs":1}',
      '{"kind":"ended","reason":{}}',
      `{"kind":"caller_turn","turn":1,"text":"${"x".repeat(70_000)}"}`,
    ];
    const good: readonly CallEvent[] = [
      { kind: "caller_turn", turn: 1, text: "Hello" },
      { kind: "bot_phrase", turn: 1, phrase: 0, text: "Good day." },
      { kind: "phrase_heard", turn: 1, phrase: 0 },
      { kind: "timings", turn: 1, stages: { audio_queued: 400 } },
      { kind: "tool_begun", turn: 1, id: "t1", call: { name: "hang_up" }, after: 1 },
    ];
    {
      using journal = Journal.open(path, new Counted());
      journal.begin(CALL);
      for (const event of good) journal.append("c1", event, 2000);
    }
    {
      using db = new DatabaseSync(path);
      const insert = db.prepare("INSERT INTO events (call_id, at, event) VALUES ('c1', ?, ?)");
      for (const text of bad) insert.run(3000, text);
      insert.run(9223372036854775807n, '{"kind":"nudged"}');
      insert.run(-1, '{"kind":"nudged"}');
      db.exec(
        "INSERT INTO calls VALUES ('../../etc/passwd', 'ch9', '***', 1, 0, NULL, NULL, NULL, 0)",
      );
      db.exec(
        "INSERT INTO calls VALUES ('when', 'ch9', '***', 9223372036854775807, 0, NULL, NULL, NULL, 0)",
      );
    }
    const counted = new Counted();
    using journal = Journal.open(path, counted);
    const [record, ...others] = journal.liveCalls();
    assert.deepEqual(others, []);
    assert.equal(counted.skipped, bad.length + 4);
    assert.match(log.warnings.at(-1)!, /skipped=32/);
    const { turns, tools } = record!;
    assert.deepEqual(turns.map((turn) => [turn.caller, heardText(turn)]), [["Hello", "Good day."]]);
    assert.equal(turns[0]!.stages.audio_queued, 400);
    assert.equal(tools.length, 1);
    assert.equal(setAside(path).length, 0);
  }));

Deno.test("an ended call whose last event is damaged has an end", () =>
  inFolder((path) => {
    using _log = new LogLines();
    filled(path);
    {
      using db = new DatabaseSync(path);
      db.exec("UPDATE events SET event = substr(event, 1, 20) WHERE event LIKE '%ended%'");
    }
    using journal = Journal.open(path, new Counted());
    for (const { endedAt, endReason } of journal.endedCalls(10)) {
      assert.deepEqual([endedAt, endReason], [2100, "lost"]);
    }
  }));
