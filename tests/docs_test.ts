import assert from "node:assert/strict";

const read = (path: string) => Deno.readTextFile(new URL(`../${path}`, import.meta.url));

Deno.test("docs/testing.md shows the example scenario as it runs", async () => {
  const [, shown] = /```ts\n([\s\S]*?)```/.exec(await read("docs/testing.md")) ?? [];
  const example = await read("tests/scenarios/example_test.ts");
  const code = example.slice(example.indexOf("import "));
  assert.equal(shown, code, "copy tests/scenarios/example_test.ts into docs/testing.md");
});
