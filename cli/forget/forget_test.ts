import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Journal } from "../../actors/service/journal/journal.ts";
import { noMetrics } from "../../actors/service/metrics.ts";
import { ForgottenCalls } from "../../actors/service/retention/forgotten_calls.ts";
import { EndedCalls } from "../../actors/service/switchboard/ended_calls.ts";
import { OperatorError } from "../../config/operator_error.ts";
import { PromptsFile } from "../../config/prompts.ts";
import { settingsWith } from "../../config/read_settings.ts";
import type { Settings } from "../../config/settings.ts";
import { speakable } from "../../language/spoken/speakable.ts";
import { PhraseCache, phraseFolder } from "../../speech/failover/phrase_cache.ts";
import { phraseKey } from "../../speech/failover/phrase_key.ts";
import { cachedVoices } from "../../speech/voices/voices.ts";
import { ManualTime } from "../../testing/manual_time.ts";
import { forget } from "./mod.ts";

const NUMBER = "+7 900 000-00-01";
const WORDS = "planted words of the caller";
const REPLY = "Your order, Maria Plantova, is ready";
const OTHERS = "words of somebody else";
const PLANTED = [WORDS, "Plantova", "9000000001", "000-00-01"];

interface Said {
  readonly number?: string;
  readonly words?: string;
  readonly ended?: boolean;
}

/** A data folder, what is in it, and the command. */
class Rig {
  readonly lines: string[] = [];
  readonly errors: string[] = [];
  readonly settings: Settings;

  constructor(readonly folder: string) {
    this.settings = settingsWith({ ASTERISK_LANG: "en", DATA_DIR: folder });
  }

  get path(): string {
    return join(this.folder, "journal.sqlite");
  }

  /** Writes calls, as the service does. */
  calls(calls: Readonly<Record<string, Said>>): void {
    using journal = Journal.open(this.path, noMetrics);
    for (const [id, said] of Object.entries(calls)) this.call(journal, id, said);
  }

  call(journal: Journal, id: string, said: Said): void {
    const { number = "+7 900 000-00-02", words = OTHERS, ended = true } = said;
    journal.begin({ id, channelId: `ch-${id}`, caller: "*********01", startedAt: 1000 }, number);
    journal.append(id, { kind: "caller_turn", turn: 0, text: words, raw: words }, 1001);
    journal.append(id, { kind: "bot_phrase", turn: 0, phrase: 0, text: REPLY }, 1002);
    if (ended) journal.append(id, { kind: "ended", reason: "hangup" }, 1003);
    journal.liveCalls(); // Everything is written.
  }

  async recording(id: string, words = WORDS): Promise<string> {
    const path = join(this.folder, "recordings", `${id}.wav`);
    await Deno.mkdir(join(this.folder, "recordings"), { recursive: true });
    await Deno.writeTextFile(path, words);
    return path;
  }

  /** A phrase that a voice has spoken; its key, and the cache. */
  async spoken(text: string): Promise<{ key: string; cache: PhraseCache }> {
    const cache = new PhraseCache(phraseFolder(this.settings), 1e6);
    const { service, cacheKey } = cachedVoices(this.settings).at(-1)!;
    const key = phraseKey(service, cacheKey, "en", speakable(text, "en"));
    await cache.put(key, new Int16Array(10));
    return { key, cache };
  }

  run(...args: string[]): Promise<number> {
    return forget(args, this.settings, {
      print: (line) => this.lines.push(line),
      printError: (line) => this.errors.push(line),
      serviceMs: 200,
    });
  }

  /** Which of the texts stand anywhere in the folder: names and bytes of all files. */
  async found(texts: readonly string[]): Promise<string[]> {
    const everything = await contents(this.folder);
    return texts.filter((text) => everything.includes(text));
  }

  ids(): string[] {
    using db = new DatabaseSync(this.path);
    return db.prepare("SELECT id FROM calls ORDER BY id").all().map(({ id }) => String(id));
  }
}

async function contents(folder: string): Promise<string> {
  let all = "";
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    const text = isDirectory
      ? await contents(path)
      : new TextDecoder("latin1").decode(await Deno.readFile(path));
    all += `${name}\n${text}\n`;
  }
  return all;
}

async function inFolder(run: (rig: Rig) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(new Rig(folder));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("of a forgotten number, no word, name or digit is in any byte of DATA_DIR, and other calls stay", () =>
  inFolder(async (rig) => {
    rig.calls({
      aaaaaaaaaaaa: { number: NUMBER, words: WORDS },
      bbbbbbbbbbbb: {},
      cccccccccccc: { number: "89000000001", words: WORDS },
    });
    await rig.recording("aaaaaaaaaaaa");
    const others = await rig.recording("bbbbbbbbbbbb", OTHERS);
    assert.deepEqual(await rig.found([WORDS, "Plantova"]), [WORDS, "Plantova"]);
    assert.equal(await rig.run("8", "(900)", "000-00-01"), 0);
    assert.deepEqual(rig.lines, ["Forgotten: 2 calls, 1 recording, 0 cached phrases."]);
    assert.deepEqual(
      await rig.found([WORDS, "aaaaaaaaaaaa", "cccccccccccc", ...PLANTED.slice(2)]),
      [],
    );
    assert.deepEqual(rig.ids(), ["bbbbbbbbbbbb"]);
    assert.equal(await Deno.readTextFile(others), OTHERS);
    assert.equal(await rig.run("bbbbbbbbbbbb"), 0);
    assert.deepEqual(await rig.found([OTHERS, "Plantova"]), []);
  }));

Deno.test("no copy is left in places of the file that were freed without being overwritten", () =>
  inFolder(async (rig) => {
    rig.calls({ aaaaaaaaaaaa: { number: NUMBER, words: WORDS }, bbbbbbbbbbbb: {} });
    {
      // As an operator does by hand: the sqlite3 program does not overwrite what it deletes.
      using db = new DatabaseSync(rig.path);
      db.exec("PRAGMA secure_delete = OFF; DELETE FROM events WHERE call_id = 'aaaaaaaaaaaa'");
    }
    assert.deepEqual(await rig.found([WORDS]), [WORDS]);
    assert.equal(await rig.run(NUMBER), 0);
    assert.deepEqual(await rig.found([WORDS]), []);
    assert.deepEqual(rig.ids(), ["bbbbbbbbbbbb"]);
  }));

Deno.test("phrases that the bot said in the call leave the cache, in whole and from where a voice broke off", () =>
  inFolder(async (rig) => {
    rig.calls({ aaaaaaaaaaaa: { number: NUMBER } });
    const { greeting } = await (await PromptsFile.open(rig.settings)).current();
    const whole = await rig.spoken(REPLY);
    const rest = await rig.spoken("Plantova, is ready");
    const fixed = await rig.spoken(greeting);
    const other = await rig.spoken("The price is five.");
    assert.equal(await rig.run("aaaaaaaaaaaa"), 0);
    assert.deepEqual(rig.lines, ["Forgotten: 1 call, 0 recordings, 2 cached phrases."]);
    for (const { key, cache } of [whole, rest]) assert.equal(await cache.get(key), undefined);
    for (const { key, cache } of [fixed, other]) assert.ok(await cache.get(key));
  }));

Deno.test("while the service runs, the calls leave its memory, too", () =>
  inFolder(async (rig) => {
    using journal = Journal.open(rig.path, noMetrics);
    rig.call(journal, "aaaaaaaaaaaa", { number: NUMBER, words: WORDS });
    rig.call(journal, "bbbbbbbbbbbb", {});
    const [other, call] = journal.endedCalls(2).sort((a, b) => b.id.localeCompare(a.id));
    const memory = new EndedCalls(() => [other!]);
    const windsUp = new Set(["aaaaaaaaaaaa"]);
    const time = new ManualTime();
    using service = new ForgottenCalls({
      journal,
      switchboard: { isUp: (id) => windsUp.has(id), forget: (which) => memory.forget(which) },
      time,
    });
    service.start();
    const forgotten = rig.run(NUMBER);
    const seconds = setInterval(() => time.advance(1000), 5);
    try {
      // Its session still winds up, and the call comes to memory afterwards.
      setTimeout(() => {
        memory.keep(call!);
        windsUp.clear();
      }, 50);
      assert.equal(await forgotten, 0, rig.errors.join());
    } finally {
      clearInterval(seconds);
    }
    assert.deepEqual(memory.all().map(({ id }) => id), ["bbbbbbbbbbbb"]);
    assert.deepEqual(await rig.found([WORDS, "aaaaaaaaaaaa"]), []);
    journal.append("aaaaaaaaaaaa", { kind: "caller_turn", turn: 1, text: WORDS }, 2000);
    rig.call(journal, "dddddddddddd", {});
    assert.deepEqual(await rig.found([WORDS]), [], "a late event of a forgotten call is not kept");
    assert.deepEqual(rig.ids(), ["bbbbbbbbbbbb", "dddddddddddd"]);
  }));

Deno.test("a service that does not answer is named, and the exit code says that something is left", () =>
  inFolder(async (rig) => {
    using journal = Journal.open(rig.path, noMetrics);
    rig.call(journal, "aaaaaaaaaaaa", {});
    assert.equal(await rig.run("aaaaaaaaaaaa"), 1);
    assert.match(rig.errors.join(), /restart it/);
  }));

Deno.test("a call that is up is not deleted, and one line says so; the number's other calls are", () =>
  inFolder(async (rig) => {
    using journal = Journal.open(rig.path, noMetrics);
    const time = new ManualTime();
    using service = new ForgottenCalls({
      journal,
      switchboard: { isUp: () => false, forget: () => {} },
      time,
    });
    service.start();
    rig.call(journal, "aaaaaaaaaaaa", { number: NUMBER, ended: false });
    rig.call(journal, "bbbbbbbbbbbb", { number: NUMBER });
    assert.equal(await rig.run("aaaaaaaaaaaa"), 1);
    assert.deepEqual(rig.errors, [
      "still up, not deleted: aaaaaaaaaaaa. Run this again when it has ended.",
    ]);
    assert.deepEqual(rig.lines, []);
    const forgotten = rig.run(NUMBER);
    const seconds = setInterval(() => time.advance(1000), 5);
    try {
      assert.equal(await forgotten, 1);
    } finally {
      clearInterval(seconds);
    }
    assert.deepEqual(rig.ids(), ["aaaaaaaaaaaa"]);
    assert.equal(rig.errors.length, 2);
  }));

Deno.test("a call during which the service died is forgotten like one that has ended", () =>
  inFolder(async (rig) => {
    rig.calls({ aaaaaaaaaaaa: { words: WORDS, ended: false } });
    assert.equal(await rig.run("aaaaaaaaaaaa"), 0);
    assert.deepEqual(await rig.found([WORDS]), []);
  }));

Deno.test("calls of version 0.2.0 are found by an extension, and named where only two digits are known", () =>
  inFolder(async (rig) => {
    rig.calls({ aaaaaaaaaaaa: {}, bbbbbbbbbbbb: {}, cccccccccccc: {} });
    {
      using db = new DatabaseSync(rig.path);
      db.exec(`UPDATE calls SET caller_key = NULL;
        UPDATE calls SET caller = '1001' WHERE id = 'bbbbbbbbbbbb';
        UPDATE calls SET caller = '*********02' WHERE id = 'cccccccccccc'`);
    }
    assert.equal(await rig.run("1001"), 1);
    assert.deepEqual(rig.ids(), ["aaaaaaaaaaaa", "cccccccccccc"]);
    assert.match(rig.errors.join(), /by id: aaaaaaaaaaaa$/);
  }));

Deno.test("a damaged journal that was set aside is named: it may hold the call as well", () =>
  inFolder(async (rig) => {
    rig.calls({ aaaaaaaaaaaa: {} });
    const aside = `${rig.path}.damaged-2026-11-01T000000000Z`;
    await Deno.writeTextFile(aside, WORDS);
    assert.equal(await rig.run("aaaaaaaaaaaa"), 1);
    assert.ok(rig.errors.join().includes(aside));
  }));

Deno.test("what is not there, and a command line without a call, are refused in one line", () =>
  inFolder(async (rig) => {
    await assert.rejects(rig.run("aaaaaaaaaaaa"), OperatorError);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(rig.folder)), [], "nothing was made");
    rig.calls({});
    assert.equal(await rig.run("aaaaaaaaaaaa"), 1);
    assert.equal(await rig.run(NUMBER), 1);
    assert.equal(rig.errors.length, 2);
    assert.equal(await rig.run(), 2);
    assert.equal(await rig.run("--all"), 2);
  }));
