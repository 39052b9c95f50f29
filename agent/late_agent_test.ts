import assert from "node:assert/strict";
import type { Agent, AgentEvent } from "./agent.ts";
import { LateAgent } from "./late_agent.ts";

const REQUEST = { text: "What is the price?", history: [], signal: new AbortController().signal };

const ANSWERING: Agent = {
  name: "model",
  impersonal: false,
  greeting: "Hello.",
  async *respond({ text }) {
    yield { kind: "phrase", text: `You asked: ${text}` };
  },
};

async function answerOf(agent: Agent): Promise<readonly AgentEvent[]> {
  return await Array.fromAsync(agent.respond(REQUEST));
}

Deno.test("an agent is made at the first question, once for all questions", async () => {
  let made = 0;
  const agent = new LateAgent({ name: "model", greeting: "Hello.", impersonal: false }, () => {
    made++;
    return Promise.resolve(ANSWERING);
  });
  assert.equal(agent.greeting, "Hello.");
  assert.equal(made, 0);
  const expected = [{ kind: "phrase", text: "You asked: What is the price?" }];
  const answers = await Promise.all([answerOf(agent), answerOf(agent)]);
  assert.deepEqual(answers, [expected, expected]);
  assert.equal(made, 1);
});

Deno.test("an agent that cannot be made fails that answer, and the next answer tries again", async () => {
  let tries = 0;
  const agent = new LateAgent({ name: "model", greeting: "Hello.", impersonal: false }, () => {
    tries++;
    return tries === 1 ? Promise.reject(new Error("no module")) : Promise.resolve(ANSWERING);
  });
  await assert.rejects(answerOf(agent), /no module/);
  assert.equal((await answerOf(agent)).length, 1);
  assert.equal(tries, 2);
});

Deno.test("an agent is made while its caller is still asking, and a failure is reported by the answer", async () => {
  let tries = 0;
  const agent = new LateAgent({ name: "model", greeting: "Hello.", impersonal: false }, () => {
    tries++;
    return tries === 1 ? Promise.reject(new Error("no module")) : Promise.resolve(ANSWERING);
  });
  agent.prepare();
  await Promise.resolve();
  agent.prepare();
  agent.prepare();
  assert.equal((await answerOf(agent)).length, 1);
  assert.equal(tries, 2);
});
