import assert from "node:assert/strict";
import { SCHEMA, SECTIONS } from "./settings.ts";
import { PAGES, settingsPage } from "./settings_doc.ts";

/** The rows of a page's tables, cell by cell. */
function rows(page: string): string[][] {
  return page.split("\n").filter((line) => line.startsWith("| `"))
    .map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()));
}

Deno.test("each page has every setting once, with its default, its values, and no secret's value", () => {
  for (const language of Object.values(PAGES)) {
    const found = rows(settingsPage(language));
    assert.deepEqual(
      found.map(([name]) => name),
      Object.keys(SCHEMA).map((name) => `\`${name}\``),
    );
  }
  const row = (name: string) => rows(settingsPage("en")).find(([cell]) => cell === `\`${name}\``);
  assert.deepEqual(row("PREROLL_MS")?.slice(1, 3), ["`300`", "`0–2000` ms"]);
  assert.deepEqual(row("ASTERISK_LANG")?.slice(1, 3), ["`ru`", "`ru`, `en`"]);
  assert.match(row("ARI_PASSWORD")?.[3] ?? "", /never logged/);
});

Deno.test("each page in docs/ is the schema's; `deno task docs` makes it so", async () => {
  for (const [path, language] of Object.entries(PAGES)) {
    const page = await Deno.readTextFile(new URL(`../${path}`, import.meta.url));
    assert.equal(page, settingsPage(language), path);
  }
});

Deno.test("every setting is explained in English and in Russian", () => {
  for (const { settings } of SECTIONS) {
    for (const [name, { doc }] of Object.entries(settings)) {
      assert.match(doc.en, /^[^а-яё]{4,}$/i, name);
      assert.match(doc.ru, /[а-яё]{3}/i, name);
    }
  }
});
