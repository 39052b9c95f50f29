import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "./database.ts";
import { giveBackPages } from "./deletion.ts";

Deno.test("a journal that was emptied gives a quarter of a megabyte back to the disk at a time", async () => {
  const folder = await mkdtemp(join(tmpdir(), "journal-"));
  try {
    const db = openDatabase(join(folder, "journal.sqlite"));
    const free = () => Number(db.prepare("PRAGMA freelist_count").get()?.freelist_count);
    db.prepare("INSERT INTO events (call_id, at, event) VALUES ('c1', 1, ?)").run("x".repeat(2e6));
    db.exec("DELETE FROM events");
    const before = free();
    assert.ok(before > 400);
    assert.equal(giveBackPages(db), true);
    assert.equal(before - free(), 64);
    let steps = 1;
    while (giveBackPages(db)) steps++;
    assert.equal(free(), 0);
    assert.equal(steps, Math.ceil(before / 64) - 1);
    db.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});
