import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";

/** The rooms, ground floor first. A file may import from its own room and from lower floors. */
const FLOORS = [
  ["proto", "config"],
  ["runtime"],
  ["media", "language"],
  ["speech", "agent", "asterisk"],
  ["actors"],
  ["console"],
  ["testing"],
  ["cli"],
  ["main.ts"],
  ["packaging"],
  ["tests"],
];

/**
 * Inside `actors/`: the supervision library knows nothing of calls; the words that isolates share
 * know nothing of either side; the service's side, a call's side and the engine's never import one
 * another.
 */
const FLOORS_OF_ACTORS = [
  ["otp"],
  ["messages.ts", "call_record.ts", "pbx_sound.ts"],
  ["service", "call", "engine"],
];

/** What tests and their fixtures may use from above: the test kit, and stand-ins for services on the network. */
const TEST_EQUIPMENT = ["testing/", "tests/servers/"];

/** More files than this in one folder (tests beside them included) and nobody finds anything. */
const FILES_A_FOLDER = 18;

/** A longer file has become a second thing. */
const LINES_A_FILE = 300;

/** One table each, which splitting would make harder to read. */
const TABLES = ["config/settings.ts"];

const ROOT = join(import.meta.dirname!, "..");
const NOT_OURS = new Set(["node_modules", ".cache", ".git", "data", "dist"]);

/** All our source files but this one (its samples are no imports), by path from the project's folder. */
const sources = await readSources(ROOT);
sources.delete(relative(ROOT, import.meta.filename!));

Deno.test("imports run down the floors, never up, never across", () => {
  const wrong: string[] = [];
  for (const [path, target] of allImports()) {
    const [from, to] = [room(path), room(target)];
    if (isTest(path) && TEST_EQUIPMENT.some((kit) => target.startsWith(kit))) continue;
    if (from !== to && floor(from) <= floor(to)) wrong.push(`${path} imports ${target}`);
  }
  assert.deepEqual(wrong, []);
});

Deno.test("inside actors/, service, call and engine never import one another, and otp knows none of them", () => {
  const wrong: string[] = [];
  for (const [path, target] of allImports()) {
    if (room(path) !== "actors" || room(target) !== "actors") continue;
    const [from, to] = [path, target].map((one) => one.split("/")[1]!) as [string, string];
    const [above, below] = [from, to].map((one) => floor(one, FLOORS_OF_ACTORS)) as [
      number,
      number,
    ];
    // A test may hold the two sides of a conversation to each other.
    const bothSides = isTest(path) && above === below;
    if (from !== to && above <= below && !areSharedWords(from, to) && !bothSides) {
      wrong.push(`${path} imports ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("no folder holds more files than a reader can take in", () => {
  const folders = new Map<string, number>();
  for (const path of sources.keys()) {
    folders.set(dirname(path), (folders.get(dirname(path)) ?? 0) + 1);
  }
  assert.deepEqual([...folders].filter(([, files]) => files > FILES_A_FOLDER), []);
});

Deno.test("no file of the product has become a second thing", () => {
  const long = [...sources].filter(([path, source]) =>
    !isTest(path) && room(path) !== "tests" && !TABLES.includes(path) &&
    source.split("\n").length - 1 > LINES_A_FILE
  );
  assert.deepEqual(long.map(([path]) => path), []);
});

Deno.test("no file imports itself, however long the way round", () => {
  assert.deepEqual(cycles(), []);
});

Deno.test("only config/ reads the environment", () => {
  assert.deepEqual(
    filesWith(/\bDeno\.env\b|\bprocess\.env\b/, (path) => room(path) !== "config"),
    [],
  );
});

Deno.test("only cli/print.ts prints, and only config/logging.ts writes the log", () => {
  const silent = (path: string) =>
    room(path) !== "tests" && !["cli/print.ts", "config/logging.ts"].includes(path);
  const printing =
    /(?<![\w.])console\.\w+\(|\bDeno\.(?:stdout|stderr)\b|\bprocess\.std(?:out|err)\b/;
  assert.deepEqual(filesWith(printing, silent), []);
});

Deno.test("every repair of the runtime says when to delete it", () => {
  const repairs = [...sources].filter(([path]) =>
    path.startsWith("runtime/repairs/") && !isTest(path)
  );
  assert.ok(repairs.length > 0);
  const endless = repairs.filter(([, source]) =>
    !/^\/\/ Delete (when|together with) /m.test(source)
  );
  assert.deepEqual(endless.map(([path]) => path), []);
});

Deno.test("these rules can be broken: the readers of imports and files see what is there", () => {
  assert.ok(sources.size > 20);
  assert.deepEqual(
    importsOf(
      "actors/call/x.ts",
      `import type { A } from "../../media/frame.ts";
       import {
         b,
       } from "./b.ts";
       export * from "../c.ts";
       const d = await import("../../console/d.ts");
       new Worker(new URL("./e.ts", import.meta.url));
       import { z } from "zod"; // import "../no.ts"`,
    ),
    ["media/frame.ts", "actors/call/b.ts", "actors/c.ts", "console/d.ts", "actors/call/e.ts"],
  );
});

async function readSources(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const entry of Deno.readDir(folder)) {
    if (NOT_OURS.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory) {
      for (const [name, text] of await readSources(path)) found.set(name, text);
    } else if (entry.name.endsWith(".ts")) {
      found.set(relative(ROOT, path), await Deno.readTextFile(path));
    }
  }
  return found;
}

function* allImports(): Generator<[path: string, target: string]> {
  for (const [path, source] of sources) {
    for (const target of importsOf(path, source)) yield [path, target];
  }
}

/** A test, or what only tests beside it use. */
function isTest(path: string): boolean {
  return /_(test|rig|fixture)\.ts$/.test(path);
}

/** The shared words may use one another. */
function areSharedWords(...names: string[]): boolean {
  return names.every((name) => FLOORS_OF_ACTORS[1]!.includes(name));
}

/** The project's own files that a source imports, loads later or starts as a worker. */
function importsOf(path: string, source: string): string[] {
  const specifiers = source
    .replace(/\/\*[\s\S]*?\*\/|(?<![:"'`])\/\/.*$/gm, "")
    .matchAll(/(?:\bfrom|\bimport|\bimport\(|\bnew URL\()\s*"(\.\.?\/[^"]*\.ts)"/g);
  return [...specifiers].map(([, specifier]) => join(dirname(path), specifier!));
}

function room(path: string): string {
  return path.split("/")[0]!;
}

function floor(room: string, floors: readonly (readonly string[])[] = FLOORS): number {
  const level = floors.findIndex((rooms) => rooms.includes(room));
  assert.notEqual(
    level,
    -1,
    `${room} has no floor: add it to docs/architecture.md and to this test`,
  );
  return level;
}

/** Every import that closes a circle. */
function cycles(): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]) => {
    if (way.includes(path)) found.push([...way.slice(way.indexOf(path)), path].join(" > "));
    if (done.has(path) || way.includes(path)) return;
    for (const target of importsOf(path, sources.get(path) ?? "")) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of sources.keys()) visit(path, []);
  return found;
}

function filesWith(pattern: RegExp, wanted: (path: string) => boolean): string[] {
  return [...sources].filter(([path, source]) => wanted(path) && pattern.test(source))
    .map(([path]) => path);
}
