import assert from "node:assert/strict";
import type { SpeechEvent } from "../events.ts";
import { ServiceFailure } from "../failure.ts";
import { ServiceList } from "./service_list.ts";

const FAILURE = new ServiceFailure("yandex", "speaking", {
  code: "UNAVAILABLE",
  cure: "wait",
});

function setUp() {
  const events: SpeechEvent[] = [];
  const list = new ServiceList(
    "tts",
    [{ name: "yandex", provider: 1 }, { name: "openai", provider: 2 }],
    (event) => events.push(event),
  );
  const [first, second] = list.services as [typeof list.services[0], typeof list.services[0]];
  const firsts = () =>
    events.filter((event) => event.kind === "failover").map(({ first }) => first);
  return { list, first, second, firsts };
}

Deno.test("a service that recovers and fails again starts a new episode, with a log line of its own", () => {
  const { list, first, second, firsts } = setUp();
  list.passedOver(first, second, FAILURE);
  list.passedOver(first, second, FAILURE);
  list.succeeded(first);
  list.passedOver(first, second, FAILURE);
  assert.deepEqual(firsts(), [true, false, true]);
});

Deno.test("an outage that another isolate has logged is not logged again", () => {
  const { list, first, second, firsts } = setUp();
  const untilMs = Date.now() + 60_000;
  list.adopt({ kind: "breaker", task: "tts", service: "yandex", state: "open", untilMs });
  list.passedOver(first, second, FAILURE);
  assert.deepEqual(firsts(), [false]);
});

Deno.test("with every breaker open all services are tried, because silence is worse", () => {
  const { list } = setUp();
  for (const service of list.services) service.breaker.failed(true);
  assert.deepEqual([...list.candidates()].map(({ name }) => name), ["yandex", "openai"]);
});
