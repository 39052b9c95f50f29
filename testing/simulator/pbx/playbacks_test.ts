import assert from "node:assert/strict";
import { type Simulator, startSimulator } from "../mod.ts";
import { TestClient, type TestEvents } from "../../test_client.ts";

const BEEP = new Int16Array(320 * 2 + 5).fill(9);

async function inCall(
  body: (parts: {
    client: TestClient;
    events: TestEvents;
    caller: Awaited<ReturnType<Simulator["call"]>>;
    play: (id: string, media: string) => ReturnType<TestClient["ari"]>;
  }) => Promise<void>,
) {
  await using pbx = await startSimulator({ line: { codec: "slin16" }, sounds: { beep: BEEP } });
  await using client = new TestClient(pbx);
  const events = await client.events();
  const caller = await pbx.call();
  const play = (id: string, media: string) =>
    client.ari("POST", `/channels/${caller.channelId}/play/${id}?media=${media}`);
  await body({ client, events, caller, play });
}

/** Ids and types of the playback events so far. */
const story = (events: TestEvents) =>
  events.events.all.filter(({ playback }) => playback)
    .map(({ type, playback }) => `${playback.id} ${type.replace("Playback", "")}`);

const finished = (events: TestEvents, id: string) =>
  events.events.first(({ type, playback }) => type === "PlaybackFinished" && playback.id === id);

Deno.test("playbacks are heard one after the other, each from start to end", async () => {
  await inCall(async ({ events, caller, play }) => {
    const queued = await play("p1", "sound:beep");
    assert.deepEqual([queued.status, queued.json.id, queued.json.state], [201, "p1", "queued"]);
    await play("p2", "sound:beep");
    await finished(events, "p2");
    assert.deepEqual(story(events), ["p1 Started", "p1 Finished", "p2 Started", "p2 Finished"]);
    assert.equal(caller.heard.length, 6);
    assert.equal(caller.heard[2]!.pcm.filter((sample) => sample === 9).length, 5);
  });
});

Deno.test("a missing sound starts and immediately fails", async () => {
  await inCall(async ({ events, caller, play }) => {
    await play("p", "sound:nothing");
    const { playback } = await finished(events, "p");
    assert.equal((playback as { state?: string }).state, "failed");
    assert.equal(caller.heard.length, 0);
  });
});

Deno.test("a stopped playback falls silent, and stopping it again is 404", async () => {
  await inCall(async ({ client, events, caller, play }) => {
    await play("p", "tone:ring");
    await events.first("PlaybackStarted");
    await caller.say(new Int16Array(320 * 3));
    assert.ok(caller.heard.length > 0);
    assert.equal((await client.ari("DELETE", "/playbacks/p")).status, 204);
    await finished(events, "p");
    const heard = caller.heard.length;
    assert.equal((await client.ari("DELETE", "/playbacks/p")).status, 404);
    await caller.say(new Int16Array(320 * 2));
    assert.equal(caller.heard.length, heard);
  });
});

Deno.test("a playback stopped before its turn finishes unheard when its turn comes", async () => {
  await inCall(async ({ client, events, play }) => {
    await play("p1", "sound:beep");
    await play("p2", "sound:beep");
    assert.equal((await client.ari("DELETE", "/playbacks/p2")).status, 204);
    await finished(events, "p2");
    assert.deepEqual(story(events), ["p1 Started", "p1 Finished", "p2 Finished"]);
  });
});

Deno.test("during a playback, caller and bot do not hear each other", async () => {
  await inCall(async ({ client, events, caller, play }) => {
    const media = await client.converse(caller.channelId, events);
    await media.frames.count(1);
    await play("p", "tone:ring");
    await events.first("PlaybackStarted");
    const frames = media.frames.all.length;
    media.socket.send(new Uint8Array(640 * 2).fill(1));
    media.command("MARK_MEDIA", "m");
    await media.event("MEDIA_MARK_PROCESSED", "m");
    assert.equal(media.frames.all.length, frames);
    assert.ok(caller.heard.every(({ pcm }) => pcm[0] !== 257));
    await client.ari("DELETE", "/playbacks/p");
    await media.frames.count(frames + 1);
  });
});

Deno.test("a hang-up fails the remaining playbacks", async () => {
  await inCall(async ({ events, caller, play }) => {
    await play("p1", "tone:ring");
    await play("p2", "sound:beep");
    await events.first("PlaybackStarted");
    await caller.hangUp();
    await events.first("StasisEnd");
    assert.deepEqual(story(events), ["p1 Started", "p1 Finished", "p2 Started", "p2 Finished"]);
  });
});

Deno.test("commands to a channel wait until it has played everything", async () => {
  await inCall(async ({ client, events, caller, play }) => {
    await client.ari("POST", "/bridges/b");
    await play("p1", "sound:beep");
    const added = client.ari("POST", `/bridges/b/addChannel?channel=${caller.channelId}`);
    await events.first("ChannelEnteredBridge");
    assert.equal((await added).status, 204);
    assert.deepEqual(story(events), ["p1 Started", "p1 Finished"]);

    await play("p2", "tone:ring");
    const channel = `/channels/${caller.channelId}`;
    const leave = `${channel}/continue?context=voxbot-fallback`;
    assert.equal((await client.ari("POST", leave)).status, 204);
    assert.equal((await client.ari("GET", "/playbacks/p2")).status, 200);
    assert.ok(!events.about(caller.channelId).includes("StasisEnd"));
    await client.ari("DELETE", "/playbacks/p2");
    await events.first("StasisEnd");
  });
});

Deno.test("silence starts and never finishes, as on Asterisk 22.10.1, and what follows it is played", async () => {
  await inCall(async ({ client, events, play }) => {
    await play("p1", "silence:1");
    await play("p2", "sound:beep");
    await finished(events, "p2");
    assert.deepEqual(story(events), ["p1 Started", "p2 Started", "p2 Finished"]);
    assert.equal((await client.ari("GET", "/playbacks/p1")).status, 404);
  });
});
