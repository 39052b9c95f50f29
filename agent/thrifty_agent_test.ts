import assert from "node:assert/strict";
import type { Agent, AgentEvent } from "./agent.ts";
import { ThriftyAgent } from "./thrifty_agent.ts";

/** Answers with its name. */
function agent(name: string, impersonal: boolean): Agent {
  return {
    name,
    greeting: "Hello.",
    impersonal,
    respond: async function* () {
      yield { kind: "phrase", text: name };
    },
  };
}

Deno.test("while the day's tokens are used up, the knowledge base answers and no model is asked", async () => {
  let spent = false;
  const thrifty = new ThriftyAgent(agent("model", false), agent("base", true), () => spent);
  const answer = async () => {
    const events: AgentEvent[] = [];
    const { signal } = new AbortController();
    for await (const event of thrifty.respond({ text: "?", history: [], signal })) {
      events.push(event);
    }
    return events;
  };
  assert.deepEqual(await answer(), [{ kind: "phrase", text: "model" }]);
  spent = true;
  assert.deepEqual(await answer(), [
    { kind: "degraded", part: "model", to: "base", reason: "day_tokens_used" },
    { kind: "phrase", text: "base" },
  ]);
  spent = false;
  assert.deepEqual(await answer(), [{ kind: "phrase", text: "model" }]);
  assert.equal(thrifty.impersonal, false, "a model's words may be about its caller");
});
