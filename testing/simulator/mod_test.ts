import assert from "node:assert/strict";
import { FRAME_SAMPLES, pcmToBytes } from "../../media/frame.ts";
import { startSimulator } from "./mod.ts";
import { TestClient } from "../test_client.ts";

Deno.test("a caller and a bot hear each other through the bridge", async () => {
  await using pbx = await startSimulator({ line: { codec: "slin16" } });
  await using client = new TestClient(pbx);
  const events = await client.events();
  const caller = await pbx.call({ callerNumber: "5550123" });
  await caller.answered;
  const start = await events.first("StasisStart");
  assert.equal(start.channel.id, caller.channelId);
  assert.equal(start.channel.caller.number, "5550123");
  const media = await client.converse(caller.channelId, events);

  const question = new Int16Array(FRAME_SAMPLES * 3).fill(1234);
  const { startedAt, endedAt } = await caller.say(question);
  assert.ok(endedAt > startedAt);
  await media.frames.first((frame) => new Int16Array(frame.buffer)[0] === 1234);

  media.socket.send(pcmToBytes(new Int16Array(FRAME_SAMPLES * 2).fill(-77)));
  media.command("MARK_MEDIA", "answer");
  await media.event("MEDIA_MARK_PROCESSED", "answer");
  assert.deepEqual(caller.heard.map(({ pcm }) => [pcm.length, pcm[0]]), [[320, -77], [320, -77]]);

  await caller.hangUp();
  assert.equal(await caller.ended, "the caller hung up");
  await events.first("StasisEnd", caller.channelId);
});
