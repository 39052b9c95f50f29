import assert from "node:assert/strict";
import type { Pcm } from "../../media/frame.ts";
import { PhraseCache } from "./phrase_cache.ts";

const BYTES = 8;

function phrase(value: number, samples = 1000): Pcm {
  return new Int16Array(samples).fill(value);
}

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(`${folder}/phrase-cache`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function files(folder: string): Promise<string[]> {
  const names = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  return names;
}

Deno.test("a phrase spoken once is still there after a restart, sample by sample", () =>
  inFolder(async (folder) => {
    await new PhraseCache(folder, 1e6).put("привет", phrase(7));
    const cache = new PhraseCache(folder, 1e6);
    assert.deepEqual(await cache.get("привет"), phrase(7));
    assert.equal(await cache.get("пока"), undefined);
  }));

for (
  const [damage, change] of [
    ["cut short", (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 10)],
    ["empty", () => new Uint8Array(0)],
    ["with a bit turned", (bytes: Uint8Array) => bytes.with(500, bytes[500]! ^ 1)],
    ["something else", (bytes: Uint8Array) => bytes.with(0, 0)],
  ] as const
) {
  Deno.test(`a damaged file is never played, and is deleted: ${damage}`, () =>
    inFolder(async (folder) => {
      const cache = new PhraseCache(folder, 1e6);
      await cache.put("привет", phrase(7));
      const [name] = await files(folder);
      const path = `${folder}/${name}`;
      await Deno.writeFile(path, change(await Deno.readFile(path)) as Uint8Array);
      assert.equal(await cache.get("привет"), undefined);
      assert.deepEqual(await files(folder), []);
    }));
}

Deno.test("a full cache deletes the phrases that were not played for longest", () =>
  inFolder(async (folder) => {
    const cache = new PhraseCache(folder, 10 * (2000 + BYTES));
    await cache.put("phrase 0", phrase(0));
    const [oldest] = await files(folder);
    for (let i = 1; i < 10; i++) await cache.put(`phrase ${i}`, phrase(i));
    for (const name of await files(folder)) {
      const usedAt = new Date(name === oldest ? 0 : 1_000_000);
      await Deno.utime(`${folder}/${name}`, usedAt, usedAt);
    }
    assert.ok(await cache.get("phrase 0"), "the oldest of all is heard just now");
    await cache.put("phrase 10", phrase(10));
    assert.ok(await cache.get("phrase 0"));
    assert.ok(await cache.get("phrase 10"));
    assert.equal((await files(folder)).length, 9);
  }));

Deno.test("isolates that write the same phrase at the same time leave one complete file", () =>
  inFolder(async (folder) => {
    const caches = Array.from({ length: 8 }, () => new PhraseCache(folder, 1e6));
    await Promise.all(caches.map((cache) => cache.put("привет", phrase(7, 50_000))));
    assert.equal((await files(folder)).length, 1);
    assert.deepEqual(await caches[0]!.get("привет"), phrase(7, 50_000));
  }));

Deno.test("a file that a dying isolate left unfinished is deleted in time", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(folder, { recursive: true });
    const old = `${folder}/a.pcm.b.tmp`;
    await Deno.writeFile(old, new Uint8Array(9));
    await Deno.utime(old, new Date(0), new Date(0));
    await Deno.writeFile(`${folder}/new.pcm.c.tmp`, new Uint8Array(9));
    await new PhraseCache(folder, 1e6).put("привет", phrase(7));
    assert.equal((await files(folder)).filter((name) => name.endsWith(".tmp")).length, 1);
  }));

Deno.test("a disk that cannot be written costs the cache, not the phrase", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(folder, "a file where the folder should be");
    const cache = new PhraseCache(folder, 1e6);
    await cache.put("привет", phrase(7));
    assert.equal(await cache.get("привет"), undefined);
  }));
