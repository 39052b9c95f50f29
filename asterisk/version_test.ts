import assert from "node:assert/strict";
import { advisedUpdate, atLeast, parseVersion } from "./version.ts";

Deno.test("a feature that came to several branches is found in each, and in every newer branch", () => {
  const since = ["20.17", "21.12", "22.7", "23.1"];
  const yes = ["20.17.0", "20.20.1", "21.12.0", "22.10.1~dfsg+~cs6.17", "23.1.0-rc1", "24.0.0"];
  const no = [
    "16.28.0~dfsg-0+deb11u4",
    "18.26.4",
    "20.6.0~dfsg+~cs6.13",
    "21.9.0",
    "22.6.9",
    "23.0.0",
  ];
  for (const version of yes) assert.ok(atLeast(version, since), version);
  for (const version of no) assert.ok(!atLeast(version, since), version);
});

Deno.test("certified versions count as their branch, and a build from git as whatever is safer", () => {
  assert.ok(atLeast("certified/20.7-cert2", ["18.0"]));
  assert.ok(atLeast("certified-18.9-cert4", ["18.0"]));
  assert.ok(!atLeast("GIT-master-c0ffee", ["16.6"]));
  assert.ok(atLeast("GIT-master-c0ffee", ["16.6"], true));
  assert.ok(!atLeast("", ["16.6"]));
});

Deno.test("only a branch with known faults is advised to update", () => {
  const advice = (text: string) => advisedUpdate(parseVersion(text)!);
  assert.equal(advice("22.8.0"), "22.10.1");
  assert.equal(advice("certified/22.8-cert1"), "22.10.1");
  assert.equal(advice("22.10.1+dfsg+~cs6.17.60671434-1"), undefined);
  assert.equal(advice("20.6.0"), undefined);
  assert.equal(parseVersion("GIT-master-4f2c9a1"), undefined);
});
