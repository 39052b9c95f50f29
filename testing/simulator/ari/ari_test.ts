import assert from "node:assert/strict";
import { WebSocket } from "ws";
import { type Simulator, startSimulator } from "../mod.ts";
import { TestClient, type TestEvents } from "../../test_client.ts";

async function withCall(
  body: (parts: {
    pbx: Simulator;
    client: TestClient;
    events: TestEvents;
    caller: Awaited<ReturnType<Simulator["call"]>>;
    channel: string;
  }) => Promise<void>,
  options: Parameters<typeof startSimulator>[0] = {},
) {
  await using pbx = await startSimulator(options);
  await using client = new TestClient(pbx);
  const events = await client.events();
  const caller = await pbx.call();
  await events.first("StasisStart");
  await body({ pbx, client, events, caller, channel: `/channels/${caller.channelId}` });
}

Deno.test("ARI refuses missing and wrong credentials, and takes right ones as header or api_key", async () => {
  await using pbx = await startSimulator({ user: "bot", password: "right" });
  const url = `${pbx.env.ARI_HTTP_URL}/ari/channels`;
  const status = async (...request: Parameters<typeof fetch>) => {
    const response = await fetch(...request);
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await status(url), 401);
  assert.equal(await status(`${url}?api_key=bot:wrong`), 401);
  assert.equal(await status(url, { headers: { authorization: `Basic ${btoa("bot:")}` } }), 401);
  assert.equal(await status(`${url}?api_key=bot:right`), 200);
  assert.equal(
    await status(url, { headers: { authorization: `Basic ${btoa("bot:right")}` } }),
    200,
  );
  const socket = new WebSocket(`${url.replace("http", "ws").replace("channels", "events")}?app=a`);
  const refused = Promise.withResolvers<Error>();
  socket.on("error", refused.resolve);
  assert.match((await refused.promise).message, /401/);
});

Deno.test("unknown paths, methods and objects are told apart", async () => {
  await using pbx = await startSimulator();
  await using client = new TestClient(pbx);
  const answers: [string, string, number, string][] = [
    ["GET", "/nothing", 404, "Resource not found"],
    ["PUT", "/channels", 405, "Invalid method"],
    ["GET", "/channels/gone", 404, "Channel not found"],
    ["POST", "/channels/gone/answer", 404, "Channel not found"],
    ["DELETE", "/channels/gone", 404, "Channel not found"],
    ["GET", "/bridges/gone", 404, "Bridge not found"],
    ["DELETE", "/playbacks/gone", 404, "Playback not found"],
    ["GET", "/applications/gone", 404, "Application not found"],
    ["GET", "/asterisk/modules/gone.so", 404, "Module could not be found in running modules"],
  ];
  for (const [method, path, status, message] of answers) {
    const answer = await client.ari(method, path);
    assert.deepEqual([answer.status, answer.json.message], [status, message], `${method} ${path}`);
  }
});

Deno.test("commands without a result are answered 204, and created objects are shown", async () => {
  await withCall(async ({ client, channel, caller }) => {
    assert.deepEqual(await client.ari("POST", `${channel}/answer`), { status: 204, json: null });
    const bridge = await client.ari("POST", "/bridges/b?type=mixing&name=call");
    assert.deepEqual([bridge.status, bridge.json.id], [200, "b"]);
    const twice = await client.ari("POST", "/bridges/b");
    assert.deepEqual([twice.status, twice.json.message], [
      409,
      "Bridge with id 'b' already exists",
    ]);
    const add = (query: string) => client.ari("POST", `/bridges/b/addChannel${query}`);
    assert.equal((await add("")).status, 400);
    assert.equal((await add("?channel=gone")).status, 400);
    assert.equal((await add(`?channel=${caller.channelId}`)).status, 204);
    const shown = await client.ari("GET", "/bridges/b");
    assert.deepEqual(shown.json.channels, [caller.channelId]);
    const remove = `/bridges/b/removeChannel?channel=${caller.channelId}`;
    assert.equal((await client.ari("POST", remove)).status, 204);
    assert.equal((await client.ari("POST", remove)).status, 422);
    assert.equal((await client.ari("DELETE", "/bridges/b")).status, 204);
    assert.equal((await client.ari("DELETE", "/bridges/b")).status, 404);
  });
});

Deno.test("a channel that ARI answers is answered for the caller, too", async () => {
  await withCall(async ({ client, events, caller, channel }) => {
    assert.equal((await events.first("StasisStart")).channel.state, "Ring");
    await client.ari("POST", `${channel}/answer`);
    await caller.answered;
    assert.equal((await events.first("ChannelStateChange")).channel.state, "Up");
  }, { answer: false });
});

Deno.test("channel variables can be set and read, and dialplan functions read", async () => {
  await withCall(async ({ client, events, channel }) => {
    const read = (name: string) =>
      client.ari("GET", `${channel}/variable?variable=${encodeURIComponent(name)}`);
    assert.equal((await read("COLOUR")).status, 404);
    await client.ari("POST", `${channel}/variable?variable=COLOUR&value=red`);
    assert.equal((await read("COLOUR")).json.value, "red");
    const { variable, value } = await events.first("ChannelVarset");
    assert.deepEqual([variable, value], ["COLOUR", "red"]);
    assert.equal((await read("CHANNEL(language)")).json.value, "ru");
    assert.equal((await read("CHANNEL(nothing)")).status, 500);
  }, { language: "ru" });
});

Deno.test("the events of a hang-up come in the PBX's order, and the caller learns the reason", async () => {
  await withCall(async ({ client, events, caller, channel }) => {
    await client.ari("POST", "/bridges/b");
    await client.ari("POST", `/bridges/b/addChannel?channel=${caller.channelId}`);
    assert.equal((await client.ari("DELETE", `${channel}?reason=nonsense`)).status, 400);
    assert.equal((await client.ari("DELETE", `${channel}?reason=busy`)).status, 204);
    assert.equal(await caller.ended, "the PBX hung up: User busy (17)");
    await events.first("StasisEnd");
    assert.deepEqual(events.about(caller.channelId), [
      "StasisStart",
      "ChannelEnteredBridge",
      "ChannelHangupRequest",
      "ChannelLeftBridge",
      "StasisEnd",
    ]);
    await client.ari("DELETE", "/bridges/b");
    await events.first("BridgeDestroyed");
  });
});

Deno.test("a channel continued in a known context stays on the line; in an unknown one it ends", async () => {
  await withCall(async ({ pbx, client, events, caller, channel }) => {
    await client.ari("POST", `${channel}/continue?context=voxbot-fallback&extension=s&priority=1`);
    await events.first("StasisEnd", caller.channelId);
    const [view] = await pbx.channels();
    assert.deepEqual([view?.context, view?.app], ["voxbot-fallback", undefined]);
    const late = await client.ari("POST", `${channel}/answer`);
    assert.deepEqual([late.status, late.json.message], [409, "Channel not in Stasis application"]);
    const heard = caller.heard.length;
    await caller.say(new Int16Array(320 * 3));
    assert.ok(caller.heard.length > heard, "the fallback sounds a tone");
    const other = await pbx.call();
    await client.ari("POST", `/channels/${other.channelId}/continue?context=nowhere`);
    await other.ended;
  });
});

Deno.test("an extension can lead elsewhere than to the application", async () => {
  await withCall(async ({ pbx, events }) => {
    const caller = await pbx.call({ extension: "200" });
    await caller.say(new Int16Array(320 * 3));
    assert.ok(caller.heard.length > 0);
    const views = await pbx.channels();
    assert.equal(views.find(({ id }) => id === caller.channelId)?.context, "voxbot-operators");
    assert.deepEqual(events.about(caller.channelId), []);
  });
});

Deno.test("a live channel can be moved to another application", async () => {
  await withCall(async ({ client, events, caller, channel }) => {
    const others = await client.events("other");
    assert.equal((await client.ari("POST", `${channel}/move?app=other&appArgs=x,y`)).status, 204);
    const start = await others.first("StasisStart", caller.channelId);
    assert.deepEqual(start.args, ["x", "y"]);
    await events.first("StasisEnd", caller.channelId);
    const { json } = await client.ari("GET", "/applications/other");
    assert.deepEqual(json.channel_ids, [caller.channelId]);
    await client.ari("POST", `${channel}/move?app=nobody`);
    await others.first("ApplicationMoveFailed", caller.channelId);
  });
});

Deno.test("a second connection for an application replaces the first, which stays open but hears nothing", async () => {
  await using pbx = await startSimulator();
  await using client = new TestClient(pbx);
  const first = await client.events();
  const second = await client.events();
  await first.first("ApplicationReplaced");
  await pbx.call();
  await second.first("StasisStart");
  assert.deepEqual(first.events.all.map(({ type }) => type), ["ApplicationReplaced"]);
  assert.equal(first.socket.readyState, WebSocket.OPEN);
});

Deno.test("an application without an events socket keeps its channels, gets no calls, and can be resumed", async () => {
  await withCall(async ({ pbx, client, caller, channel }) => {
    await pbx.cutEvents();
    const turnedAway = await pbx.call();
    const views = await pbx.channels();
    assert.equal(views.find(({ id }) => id === turnedAway.channelId)?.context, "voxbot-fallback");
    const { json } = await client.ari("GET", "/applications/voxbot");
    assert.deepEqual(json.channel_ids, [caller.channelId]);
    const again = await client.events();
    assert.equal((await client.ari("POST", `${channel}/answer`)).status, 204);
    await caller.hangUp();
    await again.first("StasisEnd", caller.channelId);
  });
});

Deno.test("external media is refused in the PBX's own words", async () => {
  await using pbx = await startSimulator();
  await using client = new TestClient(pbx);
  const refusals: [Record<string, string>, number, RegExp][] = [
    [{ app: "" }, 400, /app cannot be empty/],
    [{ encapsulation: "rtp" }, 400, /encapsulation must be 'none'/],
    [{ format: "" }, 400, /format cannot be empty/],
    [{ connection_type: "client" }, 400, /external_host must be/],
    [{ transport: "udp" }, 400, /only be used with the websocket transport/],
    [{ transport: "tcp", encapsulation: "rtp" }, 400, /transport must be 'udp'/],
    [{ format: "opus" }, 501, /does not carry opus/],
  ];
  for (const [options, status, message] of refusals) {
    const answer = await client.externalMedia("m", options);
    assert.equal(answer.status, status, JSON.stringify(options));
    assert.match(answer.json.message, message);
  }
});
