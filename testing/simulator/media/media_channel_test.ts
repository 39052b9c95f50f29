import assert from "node:assert/strict";
import { FRAME_BYTES } from "../../../media/frame.ts";
import { type Simulator, type SimulatorOptions, startSimulator } from "../mod.ts";
import { TestClient, type TestEvents, type TestMedia } from "../../test_client.ts";

/** A caller in a bridge with media, as a service sets it up. */
async function conversation(pbx: Simulator, client: TestClient) {
  const events = await client.events();
  const caller = await pbx.call();
  await events.first("StasisStart", caller.channelId);
  const media = await client.converse(caller.channelId, events);
  return { events, caller, media };
}

/** Runs `body` in a conversation. */
async function inConversation(
  body: (
    call: { caller: Awaited<ReturnType<Simulator["call"]>>; events: TestEvents; media: TestMedia },
    client: TestClient,
    pbx: Simulator,
  ) => Promise<void>,
  options: SimulatorOptions = {},
) {
  await using pbx = await startSimulator({ line: { codec: "slin16" }, ...options });
  await using client = new TestClient(pbx);
  await body(await conversation(pbx, client), client, pbx);
}

const audio = (frames: number) => new Uint8Array(FRAME_BYTES * frames).fill(1);

Deno.test("MEDIA_START names channel, format, frame size and the channel's variables", async () => {
  await using pbx = await startSimulator();
  await using client = new TestClient(pbx);
  await client.events();
  const { json } = await client.ari(
    "POST",
    "/channels/externalMedia?app=voxbot&channelId=m&transport=websocket&encapsulation=none" +
      "&connection_type=server&external_host=INCOMING&format=slin16&transport_data=f(json)",
    { variables: { COLOUR: "red" } },
  );
  const id = json.channelvars!.MEDIA_WEBSOCKET_CONNECTION_ID;
  const media = await client.media(id);
  const start = await media.event("MEDIA_START");
  assert.deepEqual([start.connection_id, start.channel_id], [id, "m"]);
  assert.deepEqual([start.format, start.optimal_frame_size], ["slin16", FRAME_BYTES]);
  assert.equal(start.channel_variables?.COLOUR, "red");
  assert.equal(start.channel_variables?.MEDIA_WEBSOCKET_CONNECTION_ID, id);
});

Deno.test("without f(json), control messages are plain text both ways", async () => {
  await using pbx = await startSimulator();
  await using client = new TestClient(pbx);
  await client.events();
  const { json } = await client.externalMedia("m", { transport_data: "" });
  const media = await client.media(json.channelvars!.MEDIA_WEBSOCKET_CONNECTION_ID);
  const [start] = await media.texts.count(1);
  assert.match(start!, /^MEDIA_START connection_id:\S+ channel:\S+ channel_id:m format:slin16 /);
  media.socket.send("MARK_MEDIA one two");
  media.socket.send("GET_STATUS");
  await media.texts.first((text) => text === "MEDIA_MARK_PROCESSED one two");
  await media.texts.first((text) =>
    text === "STATUS channel_id:m queue_length:0 xon_level:800 xoff_level:900 " +
        "queue_full:false bulk_media:false media_paused:false"
  );
});

Deno.test("a media channel waits for its client in state Down, and cannot be bridged meanwhile", async () => {
  await using pbx = await startSimulator();
  await using client = new TestClient(pbx);
  await client.events();
  await client.ari("POST", "/bridges/b");
  const { json } = await client.externalMedia("m");
  assert.equal(json.state, "Down");
  const refused = await client.ari("POST", "/bridges/b/addChannel?channel=m");
  assert.deepEqual([refused.status, refused.json.message], [
    422,
    "Channel not in Stasis application",
  ]);
});

Deno.test("a media channel is destroyed when its client does not come", async () => {
  await using pbx = await startSimulator({ mediaConnectTimeoutMs: 20 });
  await using client = new TestClient(pbx);
  const events = await client.events();
  await client.externalMedia("m");
  const destroyed = await events.first("ChannelDestroyed", "m");
  assert.equal(destroyed.cause, 19);
  assert.deepEqual(events.about("m"), ["Dial", "ChannelDestroyed"]);
});

Deno.test("connecting answers the channel and brings it into the application, with events in the PBX's order", async () => {
  await inConversation(({ events }) => {
    assert.deepEqual(events.about("media1").slice(0, 6), [
      "Dial",
      "ChannelStateChange",
      "Dial",
      "ChannelVarset",
      "StasisStart",
      "ChannelEnteredBridge",
    ]);
    return Promise.resolve();
  });
});

Deno.test("with option n, only the ANSWER command answers the channel", async () => {
  await using pbx = await startSimulator();
  await using client = new TestClient(pbx);
  const events = await client.events();
  const { json } = await client.externalMedia("m", { transport_data: "f(json)n" });
  const media = await client.media(json.channelvars!.MEDIA_WEBSOCKET_CONNECTION_ID);
  await media.event("MEDIA_START");
  assert.equal((await client.ari("GET", "/channels/m")).json.state, "Down");
  media.command("ANSWER");
  await events.first("StasisStart", "m");
});

Deno.test("a media socket is refused when no channel waits for it, and when the channel has one", async () => {
  await inConversation(async ({ media }, client) => {
    await assert.rejects(client.media("nobody"), /404/);
    const start = await media.event("MEDIA_START");
    await assert.rejects(client.media(start.connection_id!), /409/);
  });
});

Deno.test("the caller hears what is sent in order, before its mark comes back", async () => {
  await inConversation(async ({ caller, media }) => {
    for (let value = 1; value <= 3; value++) {
      media.socket.send(new Uint8Array(new Int16Array(320).fill(value).buffer));
    }
    media.command("MARK_MEDIA", "end");
    await media.event("MEDIA_MARK_PROCESSED", "end");
    assert.deepEqual(caller.heard.map(({ pcm }) => pcm[0]), [1, 2, 3]);
  });
});

Deno.test("after an acknowledged flush the caller hears nothing, and marks are dropped", async () => {
  await inConversation(async ({ caller, media }) => {
    media.socket.send(audio(90));
    media.command("MARK_MEDIA", "lost");
    media.command("FLUSH_MEDIA");
    media.command("REPORT_QUEUE_DRAINED");
    await media.event("QUEUE_DRAINED");
    const heard = caller.heard.length;
    media.command("MARK_MEDIA", "after");
    await media.event("MEDIA_MARK_PROCESSED", "after");
    assert.equal(caller.heard.length, heard);
    assert.ok(!media.texts.all.some((text) => text.includes("lost")));
  });
});

Deno.test("during a pause the caller hears nothing, and resuming loses nothing", async () => {
  await inConversation(async ({ caller, media }) => {
    media.command("PAUSE_MEDIA");
    media.socket.send(audio(3));
    media.command("MARK_MEDIA", "end");
    media.command("GET_STATUS");
    const status = await media.event("STATUS");
    assert.deepEqual([status.queue_length, status.media_paused], [3, true]);
    await caller.say(new Int16Array(320 * 3));
    assert.equal(caller.heard.length, 0);
    media.command("CONTINUE_MEDIA");
    await media.event("MEDIA_MARK_PROCESSED", "end");
    assert.equal(caller.heard.length, 3);
  });
});

Deno.test("text over 128 bytes and unknown commands are ignored, and text that is not JSON is an ERROR", async () => {
  await inConversation(async ({ media }) => {
    media.command("MARK_MEDIA", "x".repeat(100));
    media.command("DANCE");
    media.socket.send('"GET_STATUS"');
    assert.equal((await media.event("ERROR")).error_text, "Unable to parse JSON command");
    media.command("MARK_MEDIA", "short");
    await media.event("MEDIA_MARK_PROCESSED", "short");
    assert.deepEqual(media.events, ["MEDIA_START", "ERROR", "MEDIA_MARK_PROCESSED"]);
  });
});

Deno.test("a message over 64 KB ends the connection and the channel", async () => {
  await inConversation(async ({ media, events }) => {
    media.socket.send(new Uint8Array(65_536));
    assert.equal(await media.closed, 1006);
    assert.equal((await events.first("ChannelDestroyed", "media1")).cause, 38);
  });
});

Deno.test("no frames arrive while the caller sends none", async () => {
  await inConversation(async ({ caller, media }) => {
    await media.frames.count(1);
    caller.mute(true);
    await caller.say(new Int16Array(320));
    const before = media.frames.all.length;
    await caller.say(new Int16Array(320 * 3));
    media.command("GET_STATUS");
    await media.event("STATUS");
    assert.equal(media.frames.all.length, before);
    caller.mute(false);
    await media.frames.count(before + 1);
  });
});

Deno.test("a key of the caller reaches the application and the media socket", async () => {
  await inConversation(async ({ caller, events, media }) => {
    await caller.press("#");
    assert.equal((await events.first("ChannelDtmfReceived", caller.channelId)).digit, "#");
    const { channel_id, digit } = await media.event("DTMF_END");
    assert.deepEqual([channel_id, digit], ["media1", "#"]);
  });
});

Deno.test("the channel ends with its socket, whichever side ends it", async () => {
  const END = [
    "ChannelHangupRequest",
    "ChannelVarset",
    "ChannelVarset",
    "ChannelLeftBridge",
    "StasisEnd",
  ];
  const ways: [string, number, (media: TestMedia, client: TestClient) => unknown][] = [
    ["the client closes it", 16, ({ socket }) => socket.close(1000)],
    ["the client loses it", 38, ({ socket }) => socket.terminate()],
    ["the client says HANGUP", 16, (media) => media.command("HANGUP")],
    ["ARI hangs it up", 16, (_, client) => client.ari("DELETE", "/channels/media1")],
  ];
  for (const [way, cause, end] of ways) {
    await inConversation(async ({ events, media }, client, pbx) => {
      const before = events.about("media1").length;
      end(media, client);
      const destroyed = await events.first("ChannelDestroyed", "media1");
      assert.equal(destroyed.cause, cause, way);
      assert.deepEqual(events.about("media1").slice(before, before + END.length), END, way);
      await media.closed;
      assert.equal((await pbx.leftovers()).channels.length, 1, way);
    });
  }
});

Deno.test("audio can arrive before MEDIA_START", async () => {
  await inConversation(async ({ media }) => {
    await media.frames.count(2);
    assert.deepEqual(media.events, []);
    await media.event("MEDIA_START");
  }, { mediaStartDelayMs: 150 });
});
