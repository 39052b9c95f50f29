import assert from "node:assert/strict";

import { readFailures, readSummary, sum, summaryLine, withSecondTry } from "./summary.ts";

Deno.test("the summary at the end of deno test is what counts", () => {
  const cases: [output: string, passed: number, failed: number][] = [
    ["ok | 26 passed | 0 failed (294ms)\n", 26, 0],
    ["FAILED | 13 passed (2 steps) | 2 failed (1 step) | 1 ignored (1m2s)\n", 13, 2],
    ["\x1b[0m\x1b[32mok\x1b[0m | 7 passed | 0 failed \x1b[90m(29ms)\x1b[0m\n", 7, 0],
    ["a test prints: ok | 9 passed\nok | 1 passed | 0 failed (1ms)\n\nerror: x\n", 1, 0],
  ];
  for (const [output, passed, failed] of cases) {
    assert.deepEqual(readSummary(output), { passed, failed }, output);
  }
});

Deno.test("a run without a summary has passed nothing", () => {
  assert.deepEqual(readSummary("error: Module not found\n"), { passed: 0, failed: 0 });
});

Deno.test("the closing line is the sum of all parts", () => {
  assert.equal(
    summaryLine(sum([{ passed: 2, failed: 0 }, { passed: 3, failed: 1 }])),
    "5 passed, 1 failed",
  );
});

Deno.test("a failure is known by its name and by the file that ran it", () => {
  const output = `running 2 tests from ./tests/scenarios/one_test.ts
a: it (says) ... FAILED (2s)
c ... ok (1s)
running 1 test from ./tests/scenarios/two_test.ts
b ...
------- post-test output -------
wrong ... FAILED (
----- post-test output end -----
b ... FAILED (1s)
running 1 test from ./tests/scenarios/three_test.ts
d ... ok (1s)

 ERRORS

wrong => ./tests/wrong.ts:1:1

 FAILURES

a: it (says) => ./tests/scenarios/suite.ts:22:10
b => ./tests/scenarios/suite.ts:22:10

FAILED | 1 passed | 2 failed (1s)`;
  const files = ["tests/scenarios/one_test.ts", "tests/scenarios/two_test.ts"];
  assert.deepEqual(readFailures(output), { files, tests: ["a: it (says)", "b"] });
  const none = { files: [], tests: [] };
  assert.deepEqual(readFailures("ok | 3 passed | 0 failed (1s)"), none);
});

Deno.test("files that run side by side are told apart by the lines of their tests", () => {
  const output = `./tests/one_test.ts => a: it (says) ... FAILED (2s)
./tests/two_test.ts => b ... ok (1s)
./tests/two_test.ts => c ... FAILED (1s)

 FAILURES

a: it (says) => ./tests/suite.ts:22:10
c => ./tests/suite.ts:22:10

FAILED | 1 passed | 2 failed (2s)`;
  assert.deepEqual(readFailures(output), {
    files: ["tests/one_test.ts", "tests/two_test.ts"],
    tests: ["a: it (says)", "c"],
  });
});

Deno.test("when a whole file fails, there are no names of tests", () => {
  const output = `running 1 test from ./tests/one_test.ts
a ... FAILED (1s)

 FAILURES

a => ./tests/one_test.ts:22:10
./tests/two_test.ts (uncaught error)
`;
  assert.deepEqual(readFailures(output), {
    files: ["tests/two_test.ts", "tests/one_test.ts"],
    tests: [],
  });
});

Deno.test("a failure passes only if the second run reports it", () => {
  const cases: [again: [number, number], passed: number, failed: number][] = [
    [[3, 0], 13, 0],
    [[2, 1], 12, 1],
    [[0, 3], 10, 3],
    [[0, 0], 10, 3],
    [[1, 0], 11, 2],
    [[9, 0], 13, 0],
    [[9, 2], 11, 2],
  ];
  for (const [[passed2, failed2], passed, failed] of cases) {
    const together = withSecondTry({ passed: 10, failed: 3 }, { passed: passed2, failed: failed2 });
    assert.deepEqual(together, { passed, failed }, `${passed2} passed, ${failed2} failed`);
  }
});
