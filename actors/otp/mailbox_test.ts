import assert from "node:assert/strict";
import { Mailbox } from "./mailbox.ts";

/** A mailbox at a time that a test sets, and why it was given up. */
function mailbox() {
  const test = { now: 0, why: [] as string[] };
  const box = new Mailbox<number>({
    name: "call-1",
    giveUp: (why) => test.why.push(why),
    now: () => test.now,
  });
  return Object.assign(test, { box });
}

Deno.test("what arrives before anybody listens is heard first, in order", () => {
  const { box } = mailbox();
  const heard: number[] = [];
  box.arrived(1);
  box.arrived(2);
  box.listen((message) => heard.push(message));
  box.arrived(3);
  assert.deepEqual(heard, [1, 2, 3]);
});

Deno.test("messages that nobody takes do not pile up", () => {
  const { box, why } = mailbox();
  for (let n = 0; n < 500; n++) box.arrived(n);
  assert.deepEqual(why, ["more than 200 messages before anybody listened"]);
});

Deno.test("a call's busiest seconds are no flood, and what follows a flood is not taken", () => {
  const test = mailbox();
  let heard = 0;
  test.box.listen(() => heard++);
  for (let second = 0; second < 10; second++) {
    test.now = second * 1000;
    for (let n = 0; n < 1000; n++) test.box.arrived(n);
  }
  assert.deepEqual([heard, test.why], [10_000, []]);
  test.box.arrived(1);
  test.now += 5000;
  test.box.arrived(2);
  assert.deepEqual([heard, test.why], [10_000, ["more than 1000 messages in a second"]]);
});
