import assert from "node:assert/strict";
import { MockedTimers, settled } from "../../../testing/mocked_timers.ts";
import type { AriError } from "../error.ts";
import { RequestQueue, type Urgency } from "./request_queue.ts";

const SMALL = { places: 2, reserved: 1, waiting: 3, waitMs: 1000 } as const;

/** Asks for places, and notes who gets one. */
class Crowd {
  readonly queue = new RequestQueue(SMALL);
  readonly admitted: string[] = [];

  async asks(name: string, urgency: Urgency, signal?: AbortSignal): Promise<Disposable> {
    const place = await this.queue.acquire(name, urgency, signal);
    this.admitted.push(name);
    return place;
  }
}

Deno.test("what a living call waits for goes first, then callers who are sent away, then looking around", async () => {
  const crowd = new Crowd();
  const first = await crowd.asks("first", "call");
  const second = await crowd.asks("second", "call");
  const later = [
    crowd.asks("look", "look"),
    crowd.asks("send away", "send_away"),
    crowd.asks("hang up", "call"),
  ];
  first[Symbol.dispose]();
  second[Symbol.dispose]();
  (await later[2]!)[Symbol.dispose]();
  (await later[1]!)[Symbol.dispose]();
  (await later[0]!)[Symbol.dispose]();
  assert.deepEqual(crowd.admitted, ["first", "second", "hang up", "send away", "look"]);
  assert.equal(crowd.queue.busy, 0);
});

Deno.test("a hang-up finds a place although a slow PBX holds all that others may have", async () => {
  const crowd = new Crowd();
  using _slow = await crowd.asks("slow look", "look");
  void crowd.asks("another look", "look");
  using _hangUp = await crowd.asks("hang up", "call");
  assert.deepEqual(crowd.admitted, ["slow look", "hang up"]);
});

Deno.test("a command too many fails at once, and says why", async () => {
  const crowd = new Crowd();
  const places = [await crowd.asks("1", "call"), await crowd.asks("2", "call")];
  const waiting = ["3", "4", "5"].map((name) => crowd.asks(name, "call"));
  await assert.rejects(crowd.asks("6", "call"), ({ kind, message }: AriError) => {
    assert.match(message, /3 commands wait for the PBX already; check the load/);
    return kind === "crowded";
  });
  for (const place of places) place[Symbol.dispose]();
  for (const place of waiting) (await place)[Symbol.dispose]();
  assert.equal(crowd.queue.busy, 0);
});

Deno.test("a command that gets no turn in time, or whose call is over, gives up and takes no place", async () => {
  using time = new MockedTimers();
  const crowd = new Crowd();
  const places = [await crowd.asks("1", "call"), await crowd.asks("2", "call")];
  const late = assert.rejects(crowd.asks("late", "call"), /no turn within 1000 ms/);
  const over = new AbortController();
  const dropped = assert.rejects(crowd.asks("dropped", "call", over.signal), /hung up/);
  over.abort(new Error("the caller hung up"));
  await dropped;
  await time.pass(1000);
  await late;
  assert.equal(crowd.queue.waiting, 0);
  for (const place of places) place[Symbol.dispose]();
  await settled();
  assert.equal(crowd.queue.busy, 0);
});
