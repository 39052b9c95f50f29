import assert from "node:assert/strict";
import { CallOverError, startSimulator } from "./mod.ts";
import { TestClient } from "../test_client.ts";

/** Largest difference between the clocks of two isolates, in milliseconds. */
const CLOCK_TOLERANCE_MS = 1;

Deno.test("a PBX in a worker behaves like one in this isolate, with times by this isolate's clock", async () => {
  await using pbx = await startSimulator({ isolate: true, line: { codec: "slin16" } });
  await using client = new TestClient(pbx);
  const events = await client.events();
  const before = performance.now();
  const caller = await pbx.call({ callerNumber: "5550123" });
  await caller.answered;
  const start = await events.first("StasisStart");
  assert.deepEqual([start.channel.id, start.channel.caller.number], [caller.channelId, "5550123"]);
  const media = await client.converse(caller.channelId, events);

  const { startedAt, endedAt } = await caller.say(new Int16Array(320 * 2).fill(5));
  await media.frames.first((frame) => new Int16Array(frame.buffer)[0] === 5);
  assert.ok(before - CLOCK_TOLERANCE_MS < startedAt && startedAt < endedAt);
  assert.ok(endedAt < performance.now() + CLOCK_TOLERANCE_MS);

  media.socket.send(new Uint8Array(new Int16Array(320).fill(-5).buffer));
  media.command("MARK_MEDIA", "end");
  await media.event("MEDIA_MARK_PROCESSED", "end");
  await caller.press("5");
  await media.event("DTMF_END");
  await client.ari("POST", `/channels/${caller.channelId}/dtmf?dtmf=9`);
  assert.equal((await pbx.channels()).length, 2);
  assert.equal(await pbx.skippedTicks() >= 0, true);

  const speaking = assert.rejects(caller.say(new Int16Array(320 * 1000)), CallOverError);
  await caller.hangUp();
  await speaking;
  assert.equal(await caller.ended, "the caller hung up");
  assert.deepEqual([caller.heard.map(({ pcm }) => pcm[0]), caller.digitsHeard], [[-5], ["9"]]);
  assert.ok(caller.heard[0]!.at > endedAt);
});

Deno.test("a PBX in a worker shows the same faults", async () => {
  await using pbx = await startSimulator({ isolate: true });
  await using client = new TestClient(pbx);
  const events = await client.events();
  const caller = await pbx.call();
  await events.first("StasisStart");
  await pbx.failCommands(1, 503);
  assert.equal((await client.ari("GET", "/channels")).status, 503);
  await pbx.restart();
  assert.equal(await caller.ended, "the PBX died");
  assert.equal(await events.closed, 1006);
  assert.deepEqual((await client.ari("GET", "/channels")).json, []);
});

Deno.test("a PBX in a worker that cannot start says why and leaves nothing behind", async () => {
  await using first = await startSimulator();
  await assert.rejects(startSimulator({ isolate: true, port: first.port }), /in use|EADDRINUSE/i);
});

Deno.test("stopping a PBX in a worker ends its calls", async () => {
  const pbx = await startSimulator({ isolate: true, failedContext: "voxbot-fallback" });
  const caller = await pbx.call();
  await pbx[Symbol.asyncDispose]();
  assert.match(await caller.ended, /Normal Clearing/);
});
