import assert from "node:assert/strict";
import { LogLines } from "../../testing/log_lines.ts";
import { Episodes } from "./episodes.ts";
import type { SpeechEvent } from "../events.ts";

const FAILOVER: SpeechEvent = {
  kind: "failover",
  task: "tts",
  from: "yandex",
  to: "openai",
  code: "UNAUTHENTICATED",
  message: "Yandex synthesis: UNAUTHENTICATED; check YANDEX_API_KEY",
  first: true,
};
const RECOVERED: SpeechEvent = { kind: "recovered", task: "tts", service: "yandex" };

Deno.test("an outage is one error line with code and cure for all calls together, and one line when it is over", () => {
  using log = new LogLines();
  const episodes = new Episodes();
  for (let call = 0; call < 20; call++) episodes.happened(FAILOVER);
  for (let call = 0; call < 20; call++) episodes.happened(RECOVERED);
  assert.equal(log.all.length, 2, log.all.join(""));
  assert.match(log.all[0]!, /ERROR.*service=yandex code=UNAUTHENTICATED next=openai.*check YANDEX/);
  assert.match(log.all[1]!, /works again.*failovers=20/);
});

Deno.test("an outage whose end nobody saw does not hide the next one", () => {
  using log = new LogLines();
  let now = 0;
  const episodes = new Episodes(() => now);
  episodes.happened(FAILOVER);
  now = 3_600_000;
  episodes.happened(FAILOVER);
  assert.equal(log.errors.length, 2);
});

Deno.test("services that fail for one reason share one error line", () => {
  using log = new LogLines();
  const episodes = new Episodes();
  episodes.happened(FAILOVER);
  episodes.happened({ ...FAILOVER, from: "yandex-rest" });
  episodes.happened({ ...FAILOVER, task: "asr", message: "another cause" });
  assert.equal(log.errors.length, 2, log.all.join(""));
  assert.equal(log.all.length, 3);
});
