import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
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

async function inFolder(run: (path: string) => void | Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "journal-"));
  try {
    await run(join(folder, "journal.sqlite"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

function metrics() {
  return {
    failures: 0,
    journalFailed() {
      this.failures++;
    },
  };
}

Deno.test("a live call is found again, as it was, by the next run of the service", () =>
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

Deno.test("an ended call is no longer live, and is listed newest first", () =>
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

Deno.test("events reach the disk by themselves, without the journal being closed", () =>
  inFolder(async (path) => {
    using journal = Journal.open(path, metrics());
    journal.begin(CALL);
    using reader = new DatabaseSync(path);
    const count = () => Number(reader.prepare("SELECT count(*) AS n FROM calls").get()!.n);
    for (let tries = 0; count() === 0; tries++) {
      assert.ok(tries < 1000, "the call was never written");
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }));

Deno.test("a disk that refuses is counted, calls go on, and nothing is lost once it takes again", () =>
  inFolder(async (path) => {
    const counted = metrics();
    using journal = Journal.open(path, counted);
    using blocker = new DatabaseSync(path);
    blocker.exec("BEGIN EXCLUSIVE");
    journal.begin(CALL);
    for (let tries = 0; counted.failures === 0; tries++) {
      assert.ok(tries < 5000, "the failure was never counted");
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    assert.match(journal.problem!, /cannot be written/);
    journal.append("c1", EVENTS[0]!, 2000);
    blocker.exec("ROLLBACK");
    assert.equal(journal.liveCalls()[0]!.phase, "greeting");
    assert.equal(journal.problem, undefined);
  }));

Deno.test("a journal that cannot be opened costs no call: it is kept in memory, and said why", () =>
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
    }
  }));
