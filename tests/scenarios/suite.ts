// The scenarios that every PBX must pass, simulated and real alike.

import assert from "node:assert/strict";
import { pause } from "../../runtime/waiting.ts";
import { heardText } from "../../actors/call_record.ts";
import {
  eventually,
  firstSoundAfter,
  sounds,
  type TestCaller,
  type TestPbx,
  untilSpokenTo,
} from "../../testing/mod.ts";
import { samplesIn } from "../../media/frame.ts";
import { readWav } from "../../testing/wav.ts";
import { realTimeTest } from "../real_time.ts";
import { spoken } from "../../testing/voice.ts";
import { wordErrorRate } from "../../testing/word_error_rate.ts";
import { ask, asked, World } from "./world.ts";

/** Registers the scenarios for a PBX that is already running. */
export function conversations(pbx: TestPbx): void {
  let world: World;
  Deno.test.beforeAll(async () => {
    world = await World.start(pbx);
  });
  Deno.test.afterAll(async () => await world[Symbol.asyncDispose]());

  /** The shared service's sockets and workers outlive a scenario. */
  const scenario = (name: string, run: () => Promise<void>) =>
    realTimeTest(name, () => run().finally(() => world.hangUpAll()));

  scenario(
    "a caller is greeted, asks, hears the right answer, hangs up, and nothing is left behind",
    async () => {
      const { caller, record } = await world.greeted();
      await ask(caller, "What is the price of the machine?");
      await caller.hangUp();
      await eventually(() => record.endedAt, "the call has ended");
      const [turn] = asked(record);
      assert.match(turn!.caller!, /price/i);
      assert.match(heardText(turn!), /price depends/);
      assert.equal(record.endReason, "hangup");
      await world.nothingLeft();
    },
  );

  scenario("a caller who talks over the bot silences it and is answered", async () => {
    const { caller, record } = await world.greeted();
    await hearsTheAnswerFor(caller, 1000);
    await ask(caller, "What is the price of the machine?");
    await caller.hangUp();
    const [cut, next] = asked(record);
    assert.equal(cut!.interrupted, true);
    assert.ok(heardText(cut!).length < cut!.phrases.map(({ text }) => text).join(" ").length);
    assert.match(heardText(next!), /price depends/);
    await world.nothingLeft();
  });

  scenario("a backchannel does not stop the bot", async () => {
    const { caller, record } = await world.greeted();
    await hearsTheAnswerFor(caller, 800);
    const { endedAt: said } = await caller.say(await spoken("Okay."));
    await untilSpokenTo(caller.heard, said, { quietMs: 1500 });
    await caller.hangUp();
    const [turn, ...others] = asked(record);
    assert.deepEqual(others, []);
    assert.equal(turn!.interrupted, false);
    assert.ok(turn!.phrases.every(({ heard }) => heard), "every phrase was heard to its end");
    await world.nothingLeft();
  });

  scenario("a caller who continues after a short silence is not cut off", async () => {
    const { caller, record } = await world.greeted();
    await caller.say(await spoken("Tell me about the"));
    await pause(900);
    await ask(caller, "installation.");
    await caller.hangUp();
    assert.equal(asked(record).length, 1, "it was one turn");
    assert.match(asked(record)[0]!.caller!, /^Tell me about\b.*install/i);
    await world.nothingLeft();
  });

  scenario("a caller who says wait silences the bot, and is then listened to", async () => {
    const { caller, record } = await world.greeted();
    await hearsTheAnswerFor(caller, 1000);
    await caller.say(await spoken("Wait, I have another question."));
    await eventually(() => record.phase === "listening", "the bot listens");
    await ask(caller, "What is the price of the machine?");
    await caller.hangUp();
    assert.equal(asked(record)[0]!.interrupted, true);
    // The synthetic voice's "wait" is now and then recognised as another word.
    for (const turn of asked(record).filter(({ raw }) => /^wait\b(?!.*price)/i.test(raw!))) {
      assert.equal(heardText(turn), "", "it is not answered");
    }
    assert.match(heardText(asked(record).at(-1)!), /price depends/);
    await world.nothingLeft();
  });

  scenario("a caller who presses # is not waited for", async () => {
    const { caller, record } = await world.greeted();
    const { endedAt } = await caller.say(await spoken("Tell me about the price of the"));
    await caller.press("#");
    await untilSpokenTo(caller.heard, endedAt);
    await caller.hangUp();
    const { endpoint } = asked(record)[0]!.stages;
    assert.ok(endpoint! < 1900, `an unfinished sentence ended after ${endpoint} ms`);
    await world.nothingLeft();
  });

  scenario("the keys that a caller presses are recorded", async () => {
    const { caller, record } = await world.called();
    await untilSpokenTo(caller.heard, 0);
    await caller.press("5");
    await eventually(() => record.keys === "x", "the key is in the call's record");
    await caller.hangUp();
    await world.nothingLeft();
  });

  scenario("two simultaneous callers each get the answer to their own question", async () => {
    const [one, two] = [await world.called(), await world.called()];
    await Promise.all([one, two].map(({ caller }) => untilSpokenTo(caller.heard, 0)));
    const questions = ["What is the price of the machine?", "Tell me about the installation."];
    await Promise.all([ask(one.caller, questions[0]!), ask(two.caller, questions[1]!)]);
    await Promise.all([one.caller.hangUp(), two.caller.hangUp()]);
    assert.match(asked(one.record)[0]!.caller!, /price/i);
    assert.match(asked(two.record)[0]!.caller!, /install/i);
    for (const { record } of [one, two]) assert.equal(asked(record).length, 1);
    await world.nothingLeft();
  });

  scenario("a phone that sends no audio is greeted, and heard once it sends some", async () => {
    const { caller, record } = await world.called();
    caller.mute(true);
    await untilSpokenTo(caller.heard, 0);
    caller.mute(false);
    await ask(caller, "What is the price of the machine?");
    await caller.hangUp();
    assert.match(heardText(asked(record)[0]!), /price depends/);
    await world.nothingLeft();
  });

  for (const [moment, wait] of HANG_UP_MOMENTS) {
    scenario(`a caller who hangs up ${moment} leaves nothing behind`, async () => {
      const { caller, record } = await world.called();
      await wait(caller);
      await caller.hangUp();
      await eventually(() => record.endedAt, "the call has ended");
      await world.nothingLeft();
    });
  }

  scenario(
    "the recording has the caller on the left and the bot on the right, in sync",
    async () => {
      const { caller, record } = await world.greeted();
      await ask(caller, "What is the price of the machine?");
      await caller.hangUp();
      await world.nothingLeft();
      const path = world.service.switchboard.recordingPath(record.id);
      assert.ok(path);
      const { channels: [left, right], sampleRateHz } = readWav(await Deno.readFile(path));
      const loudFrom = (pcm: Int16Array, from = 0) =>
        pcm.findIndex((sample, i) => i >= from && Math.abs(sample) > 1500);
      const greeting = loudFrom(right!);
      const question = loudFrom(left!);
      const answer = loudFrom(right!, question + sampleRateHz);
      assert.ok(0 <= greeting && greeting < question, "the greeting comes before the question");
      assert.ok(answer > question, "the answer comes after it");
      assert.ok(left!.length >= samplesIn(4000));
    },
  );
}

const MONOLOGUE = [
  "Good morning, we are a small factory in the north.",
  "We build steel frames for houses and we test every beam.",
  "Our old machine was built thirty years ago and it is broken.",
  "Now we are looking for a new machine for our laboratory.",
  "What is the price of the machine?",
];

/** Registers the scenario of a caller who tells a long story with pauses. */
export function monologues(pbx: TestPbx): void {
  realTimeTest("a caller who talks for half a minute, with pauses, is heard whole", async () => {
    await using world = await World.start(pbx, { ENDPOINT_PATIENCE_MS: 2000 });
    const { caller, record } = await world.greeted();
    const sentences = await Promise.all(MONOLOGUE.map((sentence) => spoken(sentence)));
    for (const sentence of sentences.slice(0, -1)) {
      await caller.say(sentence);
      await pause(1200);
    }
    const { endedAt } = await caller.say(sentences.at(-1)!);
    await untilSpokenTo(caller.heard, endedAt);
    await caller.hangUp();
    const [turn, ...others] = asked(record);
    assert.deepEqual(others, [], "it was one turn");
    assert.equal(turn!.interrupted, false);
    const errors = wordErrorRate(MONOLOGUE.join(" "), turn!.caller!);
    assert.ok(errors < 0.5, `heard with ${errors} errors a word: ${turn!.caller}`);
    assert.notEqual(heardText(turn!), "", "it is answered");
    await world.nothingLeft();
  });
}

/** Registers the scenario of a caller who says nothing. */
export function silences(pbx: TestPbx): void {
  realTimeTest(
    "a silent caller is asked once; then the bot says goodbye and hangs up",
    async () => {
      await using world = await World.start(pbx, {
        SILENCE_NUDGE_SECONDS: 1.5,
        CALL_INACTIVITY_TIMEOUT: 7,
      });
      const { caller, record } = await world.greeted();
      await caller.ended;
      await eventually(() => record.endedAt, "the call has ended");
      const said = record.turns.map(heardText);
      assert.equal(said.filter((text) => /still there/.test(text)).length, 1);
      assert.match(said.at(-1)!, /Goodbye/);
      assert.ok(sounds(caller.heard).length >= 3, "greeting, question and farewell were heard");
      await world.nothingLeft();
    },
  );
}

const HANG_UP_MOMENTS: readonly [
  string,
  (caller: import("../../testing/mod.ts").TestCaller) => Promise<unknown>,
][] = [
  ["at once", () => Promise.resolve()],
  [
    "at the first sound of the greeting",
    (caller) => eventually(() => firstSoundAfter(caller.heard, 0), "there is a sound"),
  ],
  ["in the middle of a sentence", async (caller) => {
    await untilSpokenTo(caller.heard, 0);
    const speech = caller.say(await spoken("I want to know what the price of the machine is."));
    speech.catch(() => {});
    await pause(700);
  }],
  ["while the bot thinks", async (caller) => {
    await untilSpokenTo(caller.heard, 0);
    await caller.say(await spoken("Tell me about the installation."));
  }],
  ["in the middle of an answer", async (caller) => {
    await untilSpokenTo(caller.heard, 0);
    const { endedAt } = await caller.say(await spoken("Tell me about the installation."));
    await eventually(() => firstSoundAfter(caller.heard, endedAt), "the answer begins");
  }],
];

/** The caller asks about the installation, and hears so much of the answer. */
async function hearsTheAnswerFor(caller: TestCaller, ms: number): Promise<void> {
  const { endedAt } = await caller.say(await spoken("Tell me about the installation."));
  const answer = await eventually(() => firstSoundAfter(caller.heard, endedAt), "the bot answers");
  await eventually(() => performance.now() > answer + ms, `${ms} ms of it were heard`);
}
