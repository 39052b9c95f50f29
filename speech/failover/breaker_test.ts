import assert from "node:assert/strict";
import { CircuitBreaker } from "./breaker.ts";

const POLICY = { failures: 3, openMs: 100, longestOpenMs: 300 };

function breakerAt(clock: { now: number }, changes: string[] = []) {
  return new CircuitBreaker(POLICY, () => clock.now, (state) => changes.push(state));
}

function failTimes(breaker: CircuitBreaker, times: number) {
  for (let i = 0; i < times; i++) {
    assert.ok(breaker.allow());
    breaker.failed();
  }
}

Deno.test("a service that fails three times in a row is left alone, then probed by one request only", () => {
  const clock = { now: 0 };
  const changes: string[] = [];
  const breaker = breakerAt(clock, changes);
  failTimes(breaker, 3);
  assert.equal(breaker.allow(), false);
  clock.now = 100;
  assert.equal(breaker.allow(), true, "the probe");
  assert.equal(breaker.allow(), false, "no second request beside the probe");
  breaker.succeeded();
  assert.equal(breaker.allow(), true);
  assert.deepEqual(changes, ["open", "half_open", "closed"]);
});

Deno.test("failures with a success between them do not open the breaker", () => {
  const breaker = breakerAt({ now: 0 });
  for (let i = 0; i < 5; i++) {
    failTimes(breaker, 2);
    breaker.succeeded();
  }
  assert.equal(breaker.state, "closed");
});

Deno.test("a single refused key opens the breaker", () => {
  const breaker = breakerAt({ now: 0 });
  breaker.allow();
  breaker.failed(true);
  assert.equal(breaker.allow(), false);
});

Deno.test("each failed probe doubles the pause, up to the longest", () => {
  const clock = { now: 0 };
  const breaker = breakerAt(clock);
  failTimes(breaker, 3);
  for (const pause of [100, 200, 300, 300]) {
    clock.now += pause - 1;
    assert.equal(breaker.allow(), false);
    clock.now += 1;
    assert.equal(breaker.allow(), true);
    breaker.failed();
  }
});

Deno.test("a probe cancelled by the caller leaves room for the next one", () => {
  const clock = { now: 0 };
  const breaker = breakerAt(clock);
  failTimes(breaker, 3);
  clock.now = 100;
  assert.ok(breaker.allow());
  breaker.gaveUp();
  assert.ok(breaker.allow());
});

Deno.test("an isolate that starts during an outage knows about it", () => {
  const clock = { now: 0 };
  const breaker = breakerAt(clock);
  breaker.adopt("open", 50);
  assert.equal(breaker.allow(), false);
  clock.now = 50;
  assert.equal(breaker.allow(), true);
  breaker.failed();
  breaker.adopt("closed", 0);
  assert.equal(breaker.allow(), true);
});
