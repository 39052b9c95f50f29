import assert from "node:assert/strict";
import type { ModelUsage } from "../agent.ts";
import { RequestCost } from "./usage.ts";

/** A request to a model, and what it was found to cost. */
function request() {
  const abort = new AbortController();
  const paid: ModelUsage[] = [];
  const question = { role: "user", content: "What is the price? ".repeat(100) };
  const cost = new RequestCost(
    { model: "m", messages: [question], tools: [], signal: abort.signal },
    (usage) => paid.push(usage),
  );
  return { abort, paid, cost };
}

Deno.test("a request costs what its server says, told once or with each piece of the answer", () => {
  const { cost, paid } = request();
  for (const pieces of [1, 2, 3]) cost.told({ prompt_tokens: 50, completion_tokens: pieces });
  cost[Symbol.dispose]();
  cost[Symbol.dispose]();
  assert.deepEqual(paid, [{
    kind: "usage",
    model: "m",
    promptTokens: 50,
    completionTokens: 3,
  }]);
});

Deno.test("a server that says nothing usable of the cost does not make a request free: it is estimated", () => {
  for (const odd of [undefined, -1, 0, "12", {}, NaN, Infinity, 1e300, 0.5]) {
    const { cost, paid } = request();
    cost.received("x".repeat(400));
    cost.told({ prompt_tokens: odd, completion_tokens: odd });
    cost[Symbol.dispose]();
    const { promptTokens, completionTokens } = paid[0]!;
    assert.ok(promptTokens > 450 && promptTokens < 550, String(promptTokens));
    assert.equal(completionTokens, 100);
  }
});

Deno.test("an answer that is no longer wanted has its cost, reported within the abort", () => {
  const { abort, cost, paid } = request();
  cost.received("Ten dollars.");
  abort.abort();
  assert.equal(paid.length, 1);
  assert.equal(paid[0]!.completionTokens, 3);
  cost[Symbol.dispose]();
  assert.equal(paid.length, 1, "once");
});

Deno.test("a request that the server did not take costs nothing", () => {
  const { cost, paid } = request();
  cost.refused();
  cost[Symbol.dispose]();
  assert.deepEqual(paid, []);
});
