import assert from "node:assert/strict";
import type { Agent, AgentEvent, AgentRequest } from "../../../agent/agent.ts";
import { AgentError } from "../../../agent/agent.ts";
import { EarlyStart } from "./early_start.ts";

/** An agent that repeats the question, then waits until the test lets it continue. */
class Parrot implements Agent {
  readonly name = "parrot";
  readonly greeting = "";
  readonly impersonal = false;
  readonly asked: AgentRequest[] = [];
  readonly goOn = Promise.withResolvers<void>();
  fails = false;

  async *respond(request: AgentRequest): AsyncGenerator<AgentEvent> {
    this.asked.push(request);
    if (this.fails) throw new AgentError("broken");
    yield { kind: "phrase", text: request.text };
    await this.goOn.promise;
    if (!request.signal.aborted) yield { kind: "phrase", text: "end" };
  }
}

const never = () => new AbortController().signal;

async function texts(events: AsyncIterable<AgentEvent>): Promise<string[]> {
  const list: string[] = [];
  for await (const event of events) if (event.kind === "phrase") list.push(event.text);
  return list;
}

Deno.test("an answer begun on a partial text is used when the final text says the same", async () => {
  const agent = new Parrot();
  const early = new EarlyStart(agent, "ru", true);
  early.begin("сколько стоит доставка", []);
  early.begin("Сколько стоит доставка", []);
  const { events, hit, wonMs } = early.take({
    text: "Сколько стоит доставка?",
    history: [],
    signal: never(),
  });
  agent.goOn.resolve();
  assert.deepEqual(await texts(events), ["сколько стоит доставка", "end"]);
  assert.equal(agent.asked.length, 1);
  assert.ok(hit && wonMs >= 0);
  assert.equal(early.stats.hits, 1);
});

Deno.test("when the caller continues, the early answer is cancelled and the whole question asked", async () => {
  const agent = new Parrot();
  const early = new EarlyStart(agent, "ru", true);
  early.begin("сколько стоит", []);
  await new Promise((resume) => setTimeout(resume));
  const { events, hit } = early.take({
    text: "Сколько стоит доставка?",
    history: [],
    signal: never(),
  });
  agent.goOn.resolve();
  assert.deepEqual(await texts(events), ["Сколько стоит доставка?", "end"]);
  assert.equal(hit, false);
  assert.ok(agent.asked[0]!.signal.aborted, "the provider's stream is cancelled");
  assert.equal(early.stats.wastedCharacters, "сколько стоит".length);
});

Deno.test("each new partial text replaces the answer begun for the previous one", () => {
  const agent = new Parrot();
  const early = new EarlyStart(agent, "en", true);
  early.begin("how much", []);
  early.begin("how much is delivery", []);
  assert.deepEqual(agent.asked.map(({ text }) => text), ["how much", "how much is delivery"]);
  assert.deepEqual(agent.asked.map(({ signal }) => signal.aborted), [true, false]);
  early.cancel();
  assert.ok(agent.asked[1]!.signal.aborted);
});

Deno.test("a caller who talks over an answer begun early cancels it", async () => {
  const agent = new Parrot();
  const early = new EarlyStart(agent, "en", true);
  early.begin("how much", []);
  const caller = new AbortController();
  const { events } = early.take({ text: "How much?", history: [], signal: caller.signal });
  const heard: string[] = [];
  for await (const event of events) {
    if (event.kind === "phrase") heard.push(event.text);
    caller.abort();
  }
  assert.deepEqual(heard, ["how much"]);
  assert.ok(agent.asked[0]!.signal.aborted);
});

Deno.test("an early answer that failed is asked for again", async () => {
  const agent = new Parrot();
  agent.fails = true;
  const early = new EarlyStart(agent, "en", true);
  early.begin("how much", []);
  await new Promise((resume) => setTimeout(resume));
  agent.fails = false;
  agent.goOn.resolve();
  const { events, hit } = early.take({ text: "How much?", history: [], signal: never() });
  assert.deepEqual(await texts(events), ["How much?", "end"]);
  assert.equal(hit, false);
});

Deno.test("switched off, nothing is begun early", () => {
  const agent = new Parrot();
  const early = new EarlyStart(agent, "en", false);
  early.begin("how much", []);
  assert.equal(agent.asked.length, 0);
  assert.deepEqual(early.stats, { begun: 0, hits: 0, wonMs: 0, wastedCharacters: 0 });
});
