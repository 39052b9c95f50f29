import assert from "node:assert/strict";
import { readiness, type ReadinessOptions } from "./readiness.ts";

const READY: ReadinessOptions = {
  connection: { up: true },
  switchboard: { draining: false, overload: undefined, replacedAt: undefined },
  route: { problem: undefined },
  journal: { problem: undefined },
  disk: { problem: undefined },
  dayTokens: { problem: undefined },
};

Deno.test("a service that is connected and has a way for audio takes calls", () => {
  assert.deepEqual(readiness(READY), { ready: true, reason: "connected to the PBX" });
});

Deno.test("a journal that cannot be written is said, and costs no call", () => {
  const { ready, reason } = readiness({ ...READY, journal: { problem: "the disk is full" } });
  assert.equal(ready, true);
  assert.equal(reason, "connected to the PBX; but the disk is full");
});

Deno.test("a disk too full for recordings is said beside it, and costs no call", () => {
  const { ready, reason } = readiness({
    ...READY,
    journal: { problem: "rows were lost" },
    disk: { problem: "calls are not recorded" },
  });
  assert.deepEqual([ready, reason], [
    true,
    "connected to the PBX; but rows were lost; calls are not recorded",
  ]);
});

Deno.test("a day's tokens that are used up are said, and cost no call", () => {
  const { ready, reason } = readiness({ ...READY, dayTokens: { problem: "no more today" } });
  assert.equal(ready, true);
  assert.equal(reason, "connected to the PBX; but no more today");
});

Deno.test("callers who wait are said, with the reason, and the service is ready all the same", () => {
  const overload = "callers wait for a line (2): MAX_CALLS calls are up";
  const switchboard = { ...READY.switchboard, overload };
  assert.deepEqual(readiness({ ...READY, switchboard }), {
    ready: true,
    reason: `connected to the PBX; but ${overload}`,
  });
});

const MISSING: readonly [what: string, parts: Partial<ReadinessOptions>, reason: RegExp][] = [
  ["a PBX that is away", { connection: { up: false } }, /not connected to the PBX/],
  ["a PBX with no way for audio", { route: { problem: "load chan_websocket" } }, /chan_websocket/],
  [
    "a service that drains",
    { switchboard: { draining: true, overload: undefined, replacedAt: undefined } },
    /draining: no new calls/,
  ],
  [
    "an application that another client has taken",
    {
      switchboard: { draining: false, overload: undefined, replacedAt: 0 },
      connection: { up: false },
    },
    /another client.*since 1970-01-01T00:00:00.000Z.*ARI_APP_NAME/,
  ],
];

for (const [what, parts, expected] of MISSING) {
  Deno.test(`${what} is the reason why no call is taken`, () => {
    const { ready, reason } = readiness({ ...READY, ...parts });
    assert.equal(ready, false);
    assert.match(reason, expected);
  });
}
