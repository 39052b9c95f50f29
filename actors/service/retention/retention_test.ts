import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { settingsWith } from "../../../config/read_settings.ts";
import type { Settings } from "../../../config/settings.ts";
import { LogLines } from "../../../testing/log_lines.ts";
import { ManualTime } from "../../../testing/manual_time.ts";
import type { CallRecord } from "../../call_record.ts";
import { Journal } from "../journal/journal.ts";
import { noMetrics } from "../metrics.ts";
import { Retention } from "./retention.ts";

const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 26);
const WORDS = "planted words of a caller";
const OLD = "aaaaaaaaaaaa";
const YOUNG = "bbbbbbbbbbbb";
const UP = "cccccccccccc";
const DELETED = /kept long enough is deleted/;

/** A data folder with a journal, and the sweep over it, in time that the test moves. */
class Rig implements AsyncDisposable {
  readonly time = new ManualTime();
  readonly log = new LogLines();
  readonly journal: Journal;
  readonly retention: Retention;
  readonly up = new Set<string>();
  readonly deleted = { calls: 0, recordings: 0 };
  failures = 0;
  dropped: (call: CallRecord) => boolean = () => false;
  /** How long ago the clock was started, in days. */
  days = 0;

  constructor(readonly folder: string, settings: Partial<Settings>) {
    this.journal = Journal.open(this.path, noMetrics);
    this.retention = new Retention({
      settings: settingsWith({ DATA_DIR: folder, ...settings }),
      journal: this.journal,
      switchboard: {
        isUp: (id) => this.up.has(id),
        forget: (which) => void (this.dropped = which),
      },
      metrics: {
        retentionDeleted: (what, count) => void (this.deleted[what] += count),
        retentionFailed: () => void this.failures++,
      },
      time: this.time,
      now: () => NOW + this.days * DAY_MS,
    });
  }

  get path(): string {
    return join(this.folder, "journal.sqlite");
  }

  /** A call that began so many days ago; without an end it is up. */
  call(id: string, daysAgo: number, { events = 1, ended = true } = {}): void {
    const startedAt = NOW - daysAgo * DAY_MS;
    this.journal.begin({ id, channelId: `ch-${id}`, caller: "***21", startedAt });
    for (let turn = 0; turn < events; turn++) {
      this.journal.append(id, { kind: "caller_turn", turn, text: `${WORDS} ${turn}` }, startedAt);
    }
    if (ended) this.journal.append(id, { kind: "ended", reason: "hangup" }, startedAt);
    else this.up.add(id);
    this.journal.liveCalls(); // Everything is written.
  }

  /** A file in the data folder that was written to last so many days ago. */
  async file(name: string, daysAgo: number): Promise<void> {
    const path = join(this.folder, name);
    await Deno.mkdir(join(this.folder, "recordings"), { recursive: true });
    await Deno.writeTextFile(path, WORDS);
    const at = new Date(NOW - daysAgo * DAY_MS);
    await Deno.utime(path, at, at);
  }

  /** Runs a sweep until the log says `text`: the first one, or the one that is due in `dueInMs`. */
  async swept(text = DELETED, dueInMs?: number): Promise<void> {
    let ended = false;
    const written = this.log.written(text).then(() => ended = true);
    if (dueInMs === undefined) this.retention.start();
    else this.time.advance(dueInMs);
    while (!ended) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      this.time.advance(20);
    }
    await written;
    await new Promise((resolve) => setTimeout(resolve, 0)); // The next one is arranged for.
  }

  /** Every id in the journal's file. */
  kept(): string[] {
    using reader = new DatabaseSync(this.path);
    return reader.prepare("SELECT id FROM calls ORDER BY id").all().map(({ id }) => String(id));
  }

  recordings(): string[] {
    return readdirSync(join(this.folder, "recordings")).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.retention[Symbol.asyncDispose]();
    this.journal[Symbol.dispose]();
    this.log[Symbol.dispose]();
  }
}

async function sweeping(
  run: (rig: Rig) => Promise<void>,
  settings: Partial<Settings> = {},
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await using rig = new Rig(folder, settings);
    await run(rig);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("what a caller said is deleted after KEEP_JOURNAL_DAYS, and no byte of it is left", () =>
  sweeping(async (rig) => {
    rig.call(OLD, 91, { events: 500 });
    rig.call(YOUNG, 89, { events: 0 });
    await rig.swept();
    assert.deepEqual(rig.kept(), [YOUNG]);
    assert.equal(rig.deleted.calls, 1);
    assert.match(rig.log.all.at(-1)!, /calls=1 recordings=0/);
    for (const name of ["journal.sqlite", "journal.sqlite-wal"]) {
      assert.equal(readFileSync(join(rig.folder, name)).includes(WORDS), false, name);
    }
    assert.equal(statSync(`${rig.path}-wal`).size, 0);
  }));

Deno.test("deleted calls leave the console's memory, too", () =>
  sweeping(async (rig) => {
    await rig.swept();
    const call = (daysAgo: number) => ({ startedAt: NOW - daysAgo * DAY_MS }) as CallRecord;
    assert.equal(rig.dropped(call(91)), true);
    assert.equal(rig.dropped(call(89)), false);
  }));

Deno.test("a call that is up is never touched, however long it lasts", () =>
  sweeping(async (rig) => {
    rig.call(UP, 400, { ended: false });
    await rig.file(`recordings/${UP}.wav`, 400);
    await rig.swept();
    assert.deepEqual(rig.kept(), [UP]);
    assert.deepEqual(rig.recordings(), [`${UP}.wav`]);
  }));

Deno.test("recordings go after KEEP_RECORDINGS_DAYS, also those that the journal does not know", () =>
  sweeping(async (rig) => {
    rig.call(OLD, 31);
    await rig.file(`recordings/${OLD}.wav`, 31);
    await rig.file("recordings/dddddddddddd.wav", 31);
    await rig.file(`recordings/${YOUNG}.wav`, 29);
    await rig.swept();
    assert.deepEqual(rig.recordings(), [`${YOUNG}.wav`]);
    assert.deepEqual(rig.kept(), [OLD]);
    assert.equal(rig.deleted.recordings, 2);
  }));

Deno.test("files that are not the bot's stay", () =>
  sweeping(async (rig) => {
    for (const name of ["letter.wav", `${OLD}.mp3`, `${OLD}.wav.bak`]) {
      await rig.file(`recordings/${name}`, 4000);
    }
    await rig.file("notes.txt", 4000);
    await rig.swept();
    assert.equal(rig.recordings().length, 3);
    assert.ok(statSync(join(rig.folder, "notes.txt")).isFile());
  }));

Deno.test("a journal that was set aside as damaged goes like the calls in it", () =>
  sweeping(async (rig) => {
    const aside = "journal.sqlite.damaged-2026-01-01T000000000Z";
    for (const name of [aside, `${aside}-wal`]) await rig.file(name, 91);
    await rig.file("journal.sqlite.damaged-2026-11-01T000000000Z", 25);
    await rig.swept();
    const left = readdirSync(rig.folder).filter((name) => name.includes("damaged"));
    assert.deepEqual(left, ["journal.sqlite.damaged-2026-11-01T000000000Z"]);
  }));

Deno.test("with 0 days, everything is kept for ever", () =>
  sweeping(async (rig) => {
    rig.call(OLD, 30_000);
    await rig.file(`recordings/${OLD}.wav`, 15_000);
    await rig.swept();
    assert.deepEqual(rig.kept(), [OLD]);
    assert.deepEqual(rig.recordings(), [`${OLD}.wav`]);
  }, { KEEP_JOURNAL_DAYS: 0, KEEP_RECORDINGS_DAYS: 0 }));

Deno.test("the sweep is repeated every day", () =>
  sweeping(async (rig) => {
    rig.call(OLD, 89.5);
    await rig.swept();
    assert.deepEqual(rig.kept(), [OLD]);
    rig.days = 1;
    rig.time.advance(DAY_MS - 60_000);
    assert.deepEqual(rig.kept(), [OLD]);
    await rig.swept(DELETED, 60_000);
    assert.deepEqual(rig.kept(), []);
  }));

Deno.test("a long sweep holds the service up for a piece at a time only", () =>
  sweeping(async (rig) => {
    rig.call(OLD, 100, { events: 1000 });
    for (let i = 0; i < 300; i++) rig.call(`old-${i}`, 95, { events: 3 });
    rig.call(YOUNG, 1, { events: 3 });
    using reader = new DatabaseSync(rig.path);
    const rows = reader.prepare("SELECT count(*) AS n FROM events");
    const steps: number[] = [];
    let before = Number(rows.get()!.n);
    const { advance } = rig.time;
    rig.time.advance = (ms) => {
      const now = Number(rows.get()!.n);
      if (now !== before) steps.push(before - now);
      before = now;
      advance.call(rig.time, ms);
    };
    await rig.swept();
    assert.deepEqual(rig.kept(), [YOUNG]);
    assert.ok(steps.length >= 11, `${steps.length} steps`);
    assert.ok(Math.max(...steps) <= 200, `${Math.max(...steps)} events in one step`);
  }));

Deno.test("a disk that refuses the sweep is named and counted, and the sweep is tried again in an hour", () =>
  sweeping(async (rig) => {
    rig.call(OLD, 91);
    {
      using blocker = new DatabaseSync(rig.path);
      blocker.exec("BEGIN IMMEDIATE");
      await rig.swept(/could not be deleted/);
    }
    assert.equal(rig.failures, 1);
    assert.equal(rig.log.errors.length, 1);
    assert.match(rig.log.errors[0]!, /DATA_DIR/);
    rig.time.advance(3_500_000);
    assert.deepEqual(rig.kept(), [OLD]);
    await rig.swept(DELETED, 100_000);
    assert.deepEqual(rig.kept(), []);
  }));

Deno.test("a service that ends does not wait for a sweep", () =>
  sweeping(async (rig) => {
    rig.call(OLD, 91, { events: 1000 });
    rig.retention.start();
    await rig.retention[Symbol.asyncDispose]();
    assert.deepEqual(rig.kept(), [OLD]);
    assert.equal(rig.time.pending, 0);
  }));
