import assert from "node:assert/strict";
import { Floor } from "./floor.ts";

const SOUND = { speechMs: 60, paused: false, text: undefined };

/** The floor of a call whose bot has been audible for a second, unless a test says otherwise. */
function setUp({ guardMs = 300 } = {}) {
  const playout = {
    audibleSince: performance.now() - 1000 as number | undefined,
    pauses: 0,
    pause: () => void playout.pauses++,
  };
  const speaking: boolean[] = [];
  const isBackchannel = (text: string) => text === "Uh-huh.";
  const floor = new Floor(
    { guardMs, confirmMs: 600, isBackchannel },
    playout,
    (now) => speaking.push(now),
  );
  return { floor, playout, speaking };
}

Deno.test("playout is held at the caller's first sound, once for one claim", () => {
  const { floor, playout } = setUp();
  floor.begin(performance.now());
  assert.equal(floor.claim(SOUND), "undecided");
  assert.equal(floor.claim({ ...SOUND, speechMs: 90 }), "undecided");
  assert.equal(playout.pauses, 1);
  assert.equal(floor.clear(), true);
  assert.equal(floor.clear(), false, "the claim is forgotten");
});

Deno.test("the bot's own echo does not silence it", () => {
  const { floor, playout } = setUp();
  playout.audibleSince = performance.now();
  floor.begin(performance.now());
  assert.equal(floor.claim({ ...SOUND, speechMs: 900 }), "undecided");
  assert.equal(floor.expect(), false);
  assert.equal(playout.pauses, 0);
});

Deno.test("a caller who has paused again holds nothing", () => {
  const { floor, playout } = setUp();
  assert.equal(floor.claim({ ...SOUND, paused: true }), "undecided");
  assert.equal(playout.pauses, 0);
});

Deno.test("speech that the PBX reports holds the bot only while it is audible, and once", () => {
  const { floor, playout } = setUp();
  assert.equal(floor.expect(), true);
  assert.equal(floor.expect(), false);
  assert.equal(playout.pauses, 1);
  floor.clear();
  playout.audibleSince = undefined;
  assert.equal(floor.expect(), false);
});

Deno.test("an interruption is timed from the caller's onset to the bot's silence", () => {
  const { floor } = setUp();
  const onsetAt = performance.now() - 120;
  floor.begin(onsetAt);
  floor.claim(SOUND);
  const { silentAt, ...rest } = floor.interruption;
  assert.deepEqual(rest, { onsetAt });
  assert.ok(silentAt - onsetAt >= 120);
  assert.equal(floor.claim({ ...SOUND, speechMs: 600 }), "interruption");
  assert.equal(floor.interruption.silentAt, silentAt, "the bot fell silent at the first sound");
});

Deno.test("the service hears once that the caller began to speak, and once that they stopped", () => {
  const { floor, speaking } = setUp();
  floor.begin(0);
  floor.begin(1);
  floor.end();
  floor.end();
  assert.deepEqual(speaking, [true, false]);
});
