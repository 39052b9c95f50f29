import assert from "node:assert/strict";
import { dirname, join, relative } from "node:path";

/** The rooms, ground floor first. A file may import from its own room and from lower floors. */
const FLOORS = [
  ["proto", "config"],
  ["media"],
  ["speech", "agent", "asterisk"],
  ["actors"],
  ["console"],
  ["cli"],
  ["main.ts"],
  ["tests"],
];

/** Stand-ins for services on the network: the tests beside the code that talks to them use these. */
const STAND_INS = "tests/servers/";

const ROOT = join(import.meta.dirname!, "..");
const NOT_OURS = new Set(["node_modules", ".cache", ".git", "data"]);

/** All our source files but this one (its samples are no imports), by path from the project's folder. */
const sources = await readSources(ROOT);
sources.delete(relative(ROOT, import.meta.filename!));

Deno.test("imports run down the floors, never up, never across", () => {
  const wrong: string[] = [];
  for (const [path, source] of sources) {
    for (const target of importsOf(path, source)) {
      const [from, to] = [room(path), room(target)];
      if (path.endsWith("_test.ts") && target.startsWith(STAND_INS)) continue;
      if (from !== to && floor(from) <= floor(to)) wrong.push(`${path} imports ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
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

Deno.test("only the command line and the tests print; everything else logs", () => {
  const silent = (path: string) => !["cli", "main.ts", "tests"].includes(room(path));
  assert.deepEqual(filesWith(/(?<![\w.])console\.\w+\(/, silent), []);
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

function floor(room: string): number {
  const level = FLOORS.findIndex((rooms) => rooms.includes(room));
  assert.notEqual(level, -1, `${room} has no floor: add it to DESIGN's rooms and to this test`);
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
