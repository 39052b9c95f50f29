// What the documents promise: short READMEs in two languages, a reason for every dependency, and
// commands, files and settings that exist.

import assert from "node:assert/strict";
import { readSettings } from "../config/read_settings.ts";
import { ROOT } from "./runner/steps.ts";

const LONGEST_README_BYTES = 12_000;
/** What a terminal or a browser shows at once. */
const FIRST_SCREEN_LINES = 35;

const read = (path: string) => Deno.readTextFile(new URL(path, ROOT));
const readmes = await Promise.all(
  ["README.md", "README.ru.md"].map(async (name) => ({ name, text: await read(name) })),
);
const packages = JSON.parse(await read("package.json"));

Deno.test("a README is read in five minutes, and its first screen shows how to try the bot", () => {
  for (const { name, text } of readmes) {
    const bytes = new TextEncoder().encode(text).length;
    assert.ok(bytes <= LONGEST_README_BYTES, `${name} has ${bytes} bytes`);
    const firstScreen = text.split("\n").slice(0, FIRST_SCREEN_LINES).join("\n");
    for (const task of ["demo", "test"]) {
      assert.ok(firstScreen.includes(`npx --yes deno@2.9.6 task ${task}`), `${name}: ${task}`);
    }
  }
});

Deno.test("the READMEs give a reason for every dependency and override", () => {
  const { dependencies, devDependencies, overrides } = packages;
  for (const { name, text } of readmes) {
    for (const dependency of Object.keys({ ...dependencies, ...devDependencies })) {
      const row = text.split("\n").find((line) => line.startsWith(`| \`${dependency}\` `));
      const [, , , reason = ""] = row?.split("|") ?? [];
      assert.ok(reason.trim().length > 5, `${name} does not say why ${dependency} is there`);
    }
    for (const override of Object.keys(overrides)) {
      const family = override.replace(/^(chromadb-js-bindings)-.*/, "$1-*");
      assert.ok(text.includes(`\`${family}\``), `${name} does not explain override ${override}`);
    }
  }
});

Deno.test("the READMEs list no dependency that is gone", () => {
  const { dependencies, devDependencies } = packages;
  for (const { name, text } of readmes) {
    const rows = text.matchAll(/^\| `([^`]+)` +\| (?:MIT|ISC|GPL-3\.0|Apache-2\.0)/gm);
    const listed = [...rows].map(([, dependency]) => dependency);
    assert.deepEqual(
      listed.toSorted(),
      Object.keys({ ...dependencies, ...devDependencies }).toSorted(),
      name,
    );
  }
});

Deno.test("every command that the READMEs name exists, and they name every task but `docs`", async () => {
  const { tasks } = JSON.parse(await read("deno.json"));
  for (const { name, text } of readmes) {
    const commands = [...text.matchAll(/deno(?:@2\.9\.6)? task ([\w:]+)/g)].map(([, task]) => task);
    assert.deepEqual(
      [...new Set(commands)].toSorted(),
      Object.keys(tasks).filter((task) => task !== "docs").toSorted(),
      name,
    );
  }
});

Deno.test("every file that a document links to exists", async () => {
  for (const path of await documents()) {
    for (const [, link] of (await read(path)).matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)) {
      const target = new URL(link!, new URL(path, ROOT));
      const found = await Deno.stat(target).then(() => true, () => false);
      assert.ok(found, `${path} links to ${link}`);
    }
  }
});

Deno.test("the example of a first installation's settings is valid", async () => {
  const lines = (await read(".env.example")).split("\n").filter((line) => /^\w/.test(line));
  const env = Object.fromEntries(lines.map((line) => line.split("=", 2) as [string, string]));
  assert.equal(readSettings(env).ARI_FALLBACK_CONTEXT, "operators");
});

/** The paths of all documents in the project's folder and in docs/. */
async function documents(folder = "."): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
    const path = folder === "." ? name : `${folder}/${name}`;
    if (name.endsWith(".md")) found.push(path);
    else if (isDirectory && (folder !== "." || name === "docs")) {
      found.push(...await documents(path));
    }
  }
  return found;
}
