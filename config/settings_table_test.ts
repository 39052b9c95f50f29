import assert from "node:assert/strict";

import { SCHEMA } from "./settings.ts";
import { DOCS_RU } from "./settings_ru.ts";
import { READMES, settingsTable, withSettingsTable } from "./settings_table.ts";

Deno.test("the table has every setting once, with its default, and no secret's value", () => {
  const rows = settingsTable("en").split("\n").slice(2)
    .map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()));
  assert.deepEqual(rows.map(([name]) => name), Object.keys(SCHEMA).map((name) => `\`${name}\``));
  const row = (name: string) => rows.find((row) => row[0] === `\`${name}\``);
  assert.deepEqual(row("PREROLL_MS")?.slice(1, 3), ["`300`", "ms"]);
  assert.match(row("ARI_PASSWORD")?.[3] ?? "", /never logged/);
});

Deno.test("each README's table is the schema's; `deno task readme` makes it so", async () => {
  for (const [name, language] of Object.entries(READMES)) {
    const readme = await Deno.readTextFile(new URL(`../${name}`, import.meta.url));
    assert.equal(readme, withSettingsTable(readme, language), name);
  }
});

Deno.test("every setting is explained in Russian too, in config/settings_ru.ts", () => {
  assert.deepEqual(Object.keys(DOCS_RU).toSorted(), Object.keys(SCHEMA).toSorted());
});

Deno.test("a README without a place for the table is not rewritten", () => {
  assert.throws(() => withSettingsTable("# A bot\n", "en"), /must have the lines/);
});
