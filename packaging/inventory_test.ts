import assert from "node:assert/strict";
import { join } from "node:path";
import { billOfMaterials, licences, type Lock } from "./inventory.ts";
import { productionPackages } from "./production_packages.ts";

const project = join(import.meta.dirname!, "..");
const packages = productionPackages(project);
const names = packages.map(({ name }) => name);

Deno.test("a release holds what its packages ask for, and nothing that only tests need", () => {
  for (const name of ["onnxruntime-node", "onnxruntime-common", "openai", "protobufjs", "zod"]) {
    assert.ok(names.includes(name), name);
  }
  for (const name of ["fast-check", "pure-rand", "@types/ws"]) {
    assert.ok(!names.includes(name), name);
  }
});

Deno.test("the bill of materials names every package with the hash that the lock pins", async () => {
  const lock: Lock = JSON.parse(await Deno.readTextFile(join(project, "deno.lock")));
  const { components } = billOfMaterials({
    version: "1.2.3",
    packages,
    lock,
    deno: { version: "2.9.6", sha256: "00" },
    time: 0,
  });
  assert.equal(components.length, packages.length + 1);
  const withoutHash = components.filter(({ hashes }) => !hashes?.[0]?.content);
  assert.deepEqual(withoutHash.map(({ name }) => name), []);
  const zod = components.find(({ name }) => name === "zod")!;
  assert.match(zod.hashes![0]!.content, /^[0-9a-f]{128}$/);
});

Deno.test("every package of a release comes with its licence", () => {
  const text = licences(packages, "Deno's own");
  assert.match(text, /^Deno\n\nDeno's own\n/);
  for (const { name, version } of packages) {
    assert.ok(text.includes(`\n${name} ${version}\n`), name);
  }
  assert.doesNotMatch(text, /names no license/);
});
