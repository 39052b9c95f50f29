import assert from "node:assert/strict";

const read = (name: string) => Deno.readTextFile(new URL(`../${name}`, import.meta.url));
const readmes = await Promise.all(
  ["README.md", "README.ru.md"].map(async (name) => ({ name, text: await read(name) })),
);

Deno.test("the READMEs say of every dependency and override why it is there", async () => {
  const { dependencies, devDependencies, overrides } = JSON.parse(await read("package.json"));
  for (const { name, text } of readmes) {
    const tables = text.split("\n").filter((line) => line.startsWith("| `")).join("\n");
    for (const dependency of Object.keys({ ...dependencies, ...devDependencies })) {
      assert.ok(tables.includes(`| \`${dependency}\` `), `${name} does not list ${dependency}`);
    }
    for (const override of Object.keys(overrides)) {
      const family = override.replace(/^(chromadb-js-bindings)-.*/, "$1-*");
      assert.ok(tables.includes(`\`${family}\``), `${name} does not explain override ${override}`);
    }
  }
});

Deno.test("the READMEs list no dependency that is gone", async () => {
  const { dependencies, devDependencies } = JSON.parse(await read("package.json"));
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

Deno.test("every command and file the READMEs name is there", async () => {
  const { tasks } = JSON.parse(await read("deno.json"));
  for (const { name, text } of readmes) {
    const commands = [...text.matchAll(/deno@2\.9\.6 task ([\w:]+)/g)].map(([, task]) => task!);
    assert.ok(commands.includes("demo") && commands.includes("test"), name);
    for (const task of commands) assert.ok(task in tasks, `${name}: no task ${task}`);
    for (const [, path] of text.matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
      await Deno.stat(new URL(`../${path}`, import.meta.url));
    }
  }
});
