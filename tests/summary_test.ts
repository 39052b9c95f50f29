import assert from "node:assert/strict";

import { failedFiles, readSummary, sum, summaryLine } from "./summary.ts";

Deno.test("what deno test says at the end is what is counted", () => {
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

Deno.test("a run that ends without a summary has passed nothing", () => {
  assert.deepEqual(readSummary("error: Module not found\n"), { passed: 0, failed: 0 });
});

Deno.test("the closing line is the sum of all parts", () => {
  assert.equal(
    summaryLine(sum([{ passed: 2, failed: 0 }, { passed: 3, failed: 1 }])),
    "5 passed, 1 failed",
  );
});

Deno.test("the files in which something failed are known, each once", () => {
  const output = `a ... FAILED (1s)

 ERRORS

a => ./tests/wrong.ts:1:1

 FAILURES

a => ./tests/scenarios/one_test.ts:22:10
b => ./tests/scenarios/one_test.ts:22:10
./tests/pbx/two_test.ts (uncaught error)

FAILED | 1 passed | 3 failed (1s)`;
  assert.deepEqual(failedFiles(output), ["tests/scenarios/one_test.ts", "tests/pbx/two_test.ts"]);
  assert.deepEqual(failedFiles("ok | 3 passed | 0 failed (1s)"), []);
});
