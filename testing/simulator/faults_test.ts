import assert from "node:assert/strict";
import { startSimulator } from "./mod.ts";
import { TestClient } from "../test_client.ts";

Deno.test("cut events sockets close without a close frame, and calls and media continue", async () => {
  await using pbx = await startSimulator();
  await using client = new TestClient(pbx);
  const events = await client.events();
  const others = await client.events("other");
  const caller = await pbx.call();
  await events.first("StasisStart");
  const media = await client.converse(caller.channelId, events);
  await pbx.cutEvents("voxbot");
  assert.equal(await events.closed, 1006);
  assert.equal(others.socket.readyState, others.socket.OPEN);
  await media.frames.count(media.frames.all.length + 1);
  assert.equal((await pbx.leftovers()).channels.length, 2);
});

Deno.test("a cut media socket ends its channel and leaves the caller on the line", async () => {
  await using pbx = await startSimulator();
  await using client = new TestClient(pbx);
  const events = await client.events();
  const caller = await pbx.call();
  await events.first("StasisStart");
  const media = await client.converse(caller.channelId, events);
  await pbx.cutMedia("media1");
  assert.equal(await media.closed, 1006);
  assert.equal((await events.first("ChannelDestroyed", "media1")).cause, 38);
  assert.deepEqual((await pbx.leftovers()).channels, [caller.channelId]);
});

Deno.test("media sockets are refused as many times as asked for, and accepted after that", async () => {
  await using pbx = await startSimulator();
  await using client = new TestClient(pbx);
  const events = await client.events();
  const caller = await pbx.call();
  await events.first("StasisStart");
  await pbx.refuseMedia(1);
  await assert.rejects(client.converse(caller.channelId, events), /503/);
  await client.converse(caller.channelId, events, "2");
});

Deno.test("a delayed answer comes late, but its command takes effect immediately", async () => {
  await using pbx = await startSimulator();
  await using client = new TestClient(pbx);
  const events = await client.events();
  const caller = await pbx.call();
  await pbx.delayReplies(50);
  const order: string[] = [];
  await Promise.all([
    client.ari("POST", `/channels/${caller.channelId}/variable?variable=A&value=b`)
      .then(({ status }) => order.push(`answer ${status}`)),
    events.first("ChannelVarset").then(() => order.push("effect")),
  ]);
  assert.deepEqual(order, ["effect", "answer 204"]);
});

Deno.test("as many commands as asked for are answered 500 and not executed", async () => {
  await using pbx = await startSimulator();
  await using client = new TestClient(pbx);
  await pbx.failCommands(2);
  assert.equal((await client.ari("POST", "/bridges/b")).status, 500);
  assert.equal((await client.ari("GET", "/bridges")).status, 500);
  assert.deepEqual((await client.ari("GET", "/bridges")).json, []);
});

Deno.test("raw text and a repeated StasisStart reach the application unchanged", async () => {
  await using pbx = await startSimulator();
  await using client = new TestClient(pbx);
  const events = await client.events();
  await pbx.call();
  await pbx.sendRawEvent("not json {");
  await pbx.repeatStasisStart();
  await events.texts.count(3);
  const [first, raw, second] = events.texts.all;
  assert.equal(raw, "not json {");
  assert.equal(second, first);
});

Deno.test("a restarted PBX has lost all calls and answers on the same port", async () => {
  await using pbx = await startSimulator();
  await using client = new TestClient(pbx);
  const { port } = pbx;
  const events = await client.events();
  const caller = await pbx.call();
  await events.first("StasisStart");
  const media = await client.converse(caller.channelId, events);
  await pbx.restart({ downMs: 10 });
  assert.equal(await caller.ended, "the PBX died");
  assert.deepEqual([await events.closed, await media.closed], [1006, 1006]);
  assert.equal(pbx.port, port);
  assert.deepEqual(await pbx.leftovers(), { channels: [], bridges: [], recordings: [] });
  assert.equal((await client.ari("GET", `/channels/${caller.channelId}`)).status, 404);
  const again = await client.events();
  await pbx.call();
  await again.first("StasisStart");
});

Deno.test("external media with a channel id in use kills the PBX, as it kills the real one", async () => {
  await using pbx = await startSimulator();
  await using client = new TestClient(pbx);
  const events = await client.events();
  await client.externalMedia("twice");
  await assert.rejects(client.externalMedia("twice"));
  assert.equal(await events.closed, 1006);
  assert.deepEqual(await pbx.leftovers(), { channels: [], bridges: [], recordings: [] });
});

Deno.test("a PBX that cannot be reached keeps its calls until it can", async () => {
  await using pbx = await startSimulator();
  await using client = new TestClient(pbx);
  const events = await client.events();
  const caller = await pbx.call();
  await events.first("StasisStart");
  await pbx.stopListening();
  assert.equal(await events.closed, 1006);
  await assert.rejects(client.ari("GET", "/channels"));
  await pbx.resumeListening();
  const { json } = await client.ari("GET", `/channels/${caller.channelId}`);
  assert.equal(json.id, caller.channelId);
});
