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

Deno.test("the lock is frozen, and holds a hash of every package", () => {
  assert.deepEqual(denoJson.lock, { frozen: true });
  assert.ok(packages.length > 50);
  assert.deepEqual(packages.filter(({ integrity }) => !integrity?.startsWith("sha512-")), []);
});

Deno.test("starting the service writes nothing among the packages, so its user need not own them", () => {
  // Deno copies linked packages into node_modules anew at every start of every process, also while
  // another one is loading them.
  assert.equal("links" in denoJson, false);
});

Deno.test("no package with a known hole, and none that nobody maintains, is installed", () => {
  // CVE-2022-25901 (cookiejar before 2.1.4), CVE-2023-28155 (request); the rest of ari-client's family.
  const gone = [
    "ari-client",
    "swagger-client",
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
