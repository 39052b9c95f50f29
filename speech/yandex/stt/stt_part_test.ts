import assert from "node:assert/strict";
import { SttPart } from "./stt_part.ts";

/** A part on a session that only takes what it is told. */
function setUp(refinements = true) {
  const settled = Promise.withResolvers<void>();
  const session = { endUtterance: () => {}, end: () => {}, observer: undefined };
  const part = new SttPart(session, false, refinements, {
    onText: () => {},
    onSettled: settled.resolve,
    onEndOfUtterance: () => {},
    onFailed: () => {},
  });
  return { part, settled: settled.promise };
}

Deno.test("each refinement replaces the text it belongs to, in whatever order they come", () => {
  const { part } = setUp();
  part.endUtterance();
  part.onFinal(4, "двести");
  part.onFinal(5, "килоньютон");
  part.onRefined(5, "кН");
  part.onRefined(4, "200");
  part.onEndOfUtterance();
  assert.equal(part.text, "200 кН");
  assert.ok(part.settled);
});

Deno.test("an utterance waits for a refinement that comes just after its end", async () => {
  const { part, settled } = setUp();
  part.endUtterance();
  part.onFinal(0, "двести");
  part.onEndOfUtterance();
  assert.equal(part.settled, false);
  part.onRefined(0, "200");
  await settled;
  assert.equal(part.text, "200");
});

Deno.test("a refinement that never comes holds nothing up", async () => {
  const { part, settled } = setUp();
  part.endUtterance();
  part.onFinal(0, "двести");
  part.onEndOfUtterance();
  await settled;
  assert.equal(part.text, "двести");
});

Deno.test("an utterance is settled once the last of its ends is answered", () => {
  const { part } = setUp(false);
  part.endUtterance();
  part.endUtterance();
  part.onEndOfUtterance();
  assert.equal(part.settled, false);
  part.onEndOfUtterance();
  assert.equal(part.settled, true);
});
