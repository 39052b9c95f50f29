import assert from "node:assert/strict";
import { levelDbfs } from "../../media/frame.ts";
import { CallOverError, type SimulatedCallOptions, startSimulator } from "./mod.ts";
import { TestClient } from "../test_client.ts";

async function conversing(
  options: SimulatedCallOptions,
  body: (
    caller: Awaited<ReturnType<Awaited<ReturnType<typeof startSimulator>>["call"]>>,
    media: Awaited<ReturnType<TestClient["converse"]>>,
    client: TestClient,
  ) => Promise<void>,
) {
  await using pbx = await startSimulator();
  await using client = new TestClient(pbx);
  const events = await client.events();
  await using caller = await pbx.call(options);
  await events.first("StasisStart");
  await body(caller, await client.converse(caller.channelId, events), client);
}

const samples = (frame: Uint8Array) => new Int16Array(frame.buffer);

Deno.test("what a caller says arrives whole and in order, between silence", async () => {
  await conversing({ line: { codec: "slin16" } }, async (caller, media) => {
    const speech = Int16Array.from({ length: 320 * 5 - 100 }, (_, i) => i + 1);
    await Promise.all([caller.say(speech), caller.say(speech)]);
    await caller.say(new Int16Array(320));
    await caller.say(new Int16Array(320));
    const heard = media.frames.all.flatMap((frame) => [...samples(frame)]);
    const spoken = heard.filter((sample) => sample !== 0);
    assert.deepEqual(spoken, [...speech, ...speech]);
    const start = heard.indexOf(1);
    assert.deepEqual(heard.slice(start, start + speech.length), [...speech]);
  });
});

Deno.test("by default a caller is on a phone line, which cuts what lies above its band", async () => {
  await conversing({}, async (caller, media) => {
    // At 8 kHz; a full-scale square wave is 0 dB.
    const hiss = Int16Array.from({ length: 320 * 4 }, (_, i) => i % 2 ? 8000 : -8000);
    await caller.say(hiss);
    await caller.say(new Int16Array(320));
    assert.ok(media.frames.all.every((frame) => levelDbfs(samples(frame)) < -30));
  });
});

Deno.test("while the caller is silent, an echo of the bot comes back, quieter and later", async () => {
  const line = { codec: "slin16", echo: { attenuationDb: 20, delayMs: 60 } } as const;
  await conversing({ line }, async (_caller, media) => {
    await media.frames.count(1);
    media.socket.send(new Uint8Array(new Int16Array(320).fill(1000).buffer));
    const echo = await media.frames.first((frame) => samples(frame).some((sample) => sample > 0));
    assert.equal(samples(echo).find((sample) => sample > 0), 100);
  });
});

Deno.test("a caller hears the keys that the bot sends", async () => {
  await conversing({}, async (caller, _media, client) => {
    await client.ari("POST", `/channels/${caller.channelId}/dtmf?dtmf=12`);
    assert.deepEqual(caller.digitsHeard, ["1", "2"]);
  });
});

Deno.test("saying something in a call that ends, or has ended, rejects with CallOverError", async () => {
  await conversing({}, async (caller) => {
    const speaking = assert.rejects(caller.say(new Int16Array(320 * 1000)), CallOverError);
    await caller.hangUp();
    await speaking;
    await assert.rejects(caller.say(new Int16Array(320)), CallOverError);
    await assert.rejects(caller.press("1"), CallOverError);
    await caller.hangUp();
  });
});

Deno.test("a call that is never answered rejects `answered` when it ends", async () => {
  await using pbx = await startSimulator({ answer: false, failedContext: "" });
  const caller = await pbx.call();
  await caller.ended;
  await assert.rejects(caller.answered, CallOverError);
});

Deno.test("a key that does not exist on a phone is refused", async () => {
  await conversing({}, async (caller) => {
    await assert.rejects(caller.press("12"), RangeError);
  });
});
