import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { settingsWith } from "../../../config/read_settings.ts";
import { type CallEvent, type CallRecord, newCallRecord } from "../../call_record.ts";
import { noMetrics } from "../metrics.ts";
import { KnownCalls } from "../switchboard/known_calls.ts";
import { Journal } from "./journal.ts";
import { inListOrder, type ListedCall } from "./listed_calls.ts";

const EVENTS: readonly CallEvent[] = [
  { kind: "phase", phase: "greeting" },
  { kind: "restarted", reason: "hang", phase: "greeting", waitedMs: 40 },
  { kind: "caller_turn", turn: 1, text: '{"kind":"restarted",' },
  { kind: "phase", phase: "speaking" },
];

async function inFolder(run: (path: string) => void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    run(join(folder, "journal.sqlite"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function ended(journal: Journal, id: string, startedAt: number): void {
  journal.begin({ id, channelId: `ch-${id}`, caller: "***21", startedAt });
  for (const event of EVENTS) journal.append(id, event, startedAt + 1);
  journal.append(id, { kind: "ended", reason: "hangup" }, startedAt + 2);
  journal.liveCalls(); // Everything is written.
}

function ids(calls: readonly { readonly id: string }[]): string {
  return calls.map(({ id }) => id).join("");
}

/** What the list must say of a call, from its record. */
function listed({ id, caller, startedAt, endedAt, phase, restarts }: CallRecord): ListedCall {
  return { id, caller, startedAt, endedAt, phase, restarts: restarts.length };
}

Deno.test("page by page, each ended call is listed once, newest first, also those of the same moment", () =>
  inFolder((path) => {
    using journal = Journal.open(path, noMetrics);
    for (const id of ["b", "d", "a", "c"]) ended(journal, id, 1000);
    ended(journal, "e", 2000);
    ended(journal, "z", 500);
    const seen: ListedCall[] = [];
    for (let page; (page = journal.endedPage(seen.at(-1), 2)).length > 0;) seen.push(...page);
    assert.equal(ids(seen), "edcbaz");
    assert.deepEqual(seen, seen.toSorted(inListOrder));
    assert.equal(ids(journal.endedPage({ startedAt: 1000, id: "bb" }, 9)), "baz", "one is gone");
  }));

Deno.test("the list says of a call what its record says, also when another run of the service ended it", () =>
  inFolder((path) => {
    {
      using journal = Journal.open(path, noMetrics);
      ended(journal, "a", 1000);
      journal.begin({ id: "b", channelId: "ch-b", caller: "***22", startedAt: 2000 });
      for (const event of EVENTS) journal.append("b", event, 2001);
    }
    using journal = Journal.open(path, noMetrics);
    assert.equal(journal.liveCalls().length, 1);
    journal.append("b", { ...EVENTS[1]! }, 2002);
    journal.append("b", { kind: "ended", reason: "lost" }, 2003);
    assert.deepEqual(journal.liveCalls(), []);
    const page = journal.endedPage(undefined, 9);
    assert.deepEqual(page, journal.endedCalls(9).map(listed));
    assert.deepEqual(page.map(({ restarts, phase }) => [restarts, phase]), [
      [2, "speaking"],
      [1, "speaking"],
    ]);
  }));

Deno.test("calls of version 0.2.0 are listed like new ones", () =>
  inFolder((path) => {
    {
      using old = new DatabaseSync(path);
      old.exec(`
        CREATE TABLE calls (
          id TEXT PRIMARY KEY, channel_id TEXT NOT NULL, caller TEXT NOT NULL,
          started_at INTEGER NOT NULL, ended INTEGER NOT NULL DEFAULT 0) STRICT;
        CREATE TABLE events (
          seq INTEGER PRIMARY KEY, call_id TEXT NOT NULL, at INTEGER NOT NULL, event TEXT NOT NULL
        ) STRICT;
        INSERT INTO calls VALUES ('a', 'ch-a', '***21', 1000, 1), ('b', 'ch-b', '***22', 900, 1);
        INSERT INTO events (call_id, at, event) VALUES ('a', 1500, '{"kind":"phase","phase":"cut');
      `);
      const insert = old.prepare("INSERT INTO events (call_id, at, event) VALUES ('a', 2000, ?)");
      for (const event of EVENTS) insert.run(JSON.stringify(event));
      insert.run('{"kind":"ended","reason":"hangup"}');
    }
    using journal = Journal.open(path, noMetrics);
    const page = journal.endedPage(undefined, 9);
    assert.deepEqual(page, journal.endedCalls(9).map(listed));
    assert.deepEqual(page.map(({ endedAt, phase, restarts }) => [endedAt, phase, restarts]), [
      [2000, "speaking", 1],
      [900, "answering", 0],
    ]);
  }));

Deno.test("a row that holds nonsense is left out of the list", () =>
  inFolder((path) => {
    using journal = Journal.open(path, noMetrics);
    for (const id of ["a", "b", "c"]) ended(journal, id, 1000);
    {
      using db = new DatabaseSync(path);
      db.exec(`UPDATE calls SET id = '../../etc' WHERE id = 'a';
        UPDATE calls SET phase = 'dancing', ended_at = -1, restarts = 9223372036854775807
          WHERE id = 'b'`);
    }
    assert.deepEqual(journal.endedPage(undefined, 9).map((call) => [call.id, call.phase]), [
      ["c", "speaking"],
      ["b", "answering"],
    ]);
  }));

Deno.test("a page is found by an index, however many calls there are: nothing is scanned or sorted", () =>
  inFolder((path) => {
    using journal = Journal.open(path, noMetrics);
    for (const which of ["", "AND (started_at, id) < (5, 'x')"]) {
      const plan = journal.use((db) =>
        db.prepare(
          `EXPLAIN QUERY PLAN SELECT caller, phase FROM calls WHERE ended = 1 ${which}
           ORDER BY started_at DESC, id DESC LIMIT 9`,
        ).all()
      ).map(({ detail }) => String(detail)).join("; ");
      assert.match(plan, /^SEARCH calls USING INDEX calls_in_list \(ended=\?[^;]*$/);
    }
  }));

Deno.test("the console's list has the calls in memory and those that only the journal has, each once", () =>
  inFolder((path) => {
    using journal = Journal.open(path, noMetrics);
    for (const [i, id] of ["a", "b", "c"].entries()) ended(journal, id, 1000 + i);
    const start = { channelId: "ch", caller: "***21" };
    const live = newCallRecord({ ...start, id: "d", startedAt: 5000 });
    const recent = newCallRecord({ ...start, id: "c", startedAt: 1002 });
    const memory = [live, recent];
    const known = new KnownCalls({
      settings: settingsWith({ DATA_DIR: path }),
      switchboard: { list: () => memory, get: (id) => memory.find((call) => call.id === id) },
      journal,
    });
    assert.equal(ids(known.page(undefined, 9)), "dcba");
    assert.equal(ids(known.page(undefined, 2)), "dc");
    assert.equal(ids(known.page(recent, 9)), "ba");
    assert.equal(known.page(undefined, 1)[0]!.endedAt, undefined);
    assert.equal(known.get("d"), live);
    assert.equal(known.get("a")!.turns[0]!.caller, '{"kind":"restarted",');
    assert.equal(known.get("x"), undefined);
    assert.equal(known.recordingPath("a"), undefined);
  }));
