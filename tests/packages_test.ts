// What is installed beside our own code.

import assert from "node:assert/strict";
import denoJson from "../deno.json" with { type: "json" };
import { ROOT } from "./runner/steps.ts";

interface Lock {
  readonly npm: Readonly<Record<string, { readonly integrity?: string }>>;
}

const lock: Lock = JSON.parse(await Deno.readTextFile(new URL("deno.lock", ROOT)));
const packages = Object.keys(lock.npm).map((key) => {
  const [, name, version] = /^(@?[^@]+)@([^_]+)/.exec(key)!;
  return { name: name!, version: version!, integrity: lock.npm[key]!.integrity };
});

Deno.test("the lock is frozen, and holds a hash of every package that is not our own", () => {
  assert.deepEqual(denoJson.lock, { frozen: true });
  assert.ok(packages.length > 50);
  const unhashed = packages.filter(({ name, integrity }) =>
    !name.startsWith("@asterisk-vox-bot/") && !integrity?.startsWith("sha512-")
  );
  assert.deepEqual(unhashed, []);
});

Deno.test("no package with a known hole, and none that nobody maintains under ari-client, is installed", () => {
  // CVE-2022-25901 (cookiejar before 2.1.4), CVE-2023-28155 (request); the rest of shred's and request's family.
  const gone = [
    "cookiejar",
    "request",
    "@cypress/request",
    "shred",
    "ax",
    "sprintf",
    "empty-npm-package",
  ];
  assert.deepEqual(packages.filter(({ name }) => gone.includes(name)), []);
});

Deno.test("what stands in for a package refuses to be used, and names the reason", async () => {
  const { default: empty } = await import("../packages/empty/empty.cjs");
  assert.throws(() => empty(), /replaced by an empty one/);
});
