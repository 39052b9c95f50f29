import assert from "node:assert/strict";

const read = (path: string) => Deno.readTextFile(new URL(`../${path}`, import.meta.url));

Deno.test("docs/testing.md shows the example scenario as it runs", async () => {
  const [, shown] = /```ts\n([\s\S]*?)```/.exec(await read("docs/testing.md")) ?? [];
  const example = await read("tests/scenarios/example_test.ts");
  assert.equal(shown, example.slice(example.indexOf("import ")));
});
