import assert from "node:assert/strict";
import { AriCommands } from "./commands.ts";
import { AriError, unlessGone } from "./error.ts";
import { channelJson, TestAri } from "../../testing/test_ari.ts";

function refusal(status: number, message: string): Response {
  return Response.json({ message }, { status });
}

async function failure(command: Promise<unknown>): Promise<AriError> {
  const error = await command.then(() => undefined, (reason: unknown) => reason);
  assert(error instanceof AriError, `expected an AriError, got ${error}`);
  return error;
}

Deno.test("a command reaches the PBX with its method, path and parameters, escaped", async () => {
  await using pbx = new TestAri();
  using ari = await AriCommands.open(pbx.address);
  await ari.setVariable("a/b", "GREETING", "hello & welcome?");
  await ari.continueInDialplan("c1", { context: "operators", extension: "s", priority: 1 });
  await ari.hangUp("c1", "busy");
  assert.deepEqual(pbx.seen, [
    {
      method: "POST",
      path: "/ari/channels/a%2Fb/variable",
      query: { variable: "GREETING", value: "hello & welcome?" },
    },
    {
      method: "POST",
      path: "/ari/channels/c1/continue",
      query: { context: "operators", extension: "s", priority: "1" },
    },
    { method: "DELETE", path: "/ari/channels/c1", query: { reason: "busy" } },
  ]);
});

Deno.test("an external media channel comes with the address of its audio", async () => {
  await using pbx = new TestAri();
  pbx.answer = ({ query }) =>
    Response.json({
      ...channelJson(query.channelId ?? ""),
      channelvars: { MEDIA_WEBSOCKET_CONNECTION_ID: "id-1" },
    });
  using ari = await AriCommands.open(pbx.address);
  const { channel, address } = await ari.externalMedia("media-1", "voxbot");
  assert.equal(channel.id, "media-1");
  assert.deepEqual(address, { kind: "websocket", url: `ws://127.0.0.1:${pbx.port}/media/id-1` });
  assert.equal(pbx.seen[0]?.query.transport_data, "f(json)");
});

Deno.test("an unset channel variable is undefined, but any variable of a channel that hung up is an error", async () => {
  await using pbx = new TestAri();
  pbx.answer = ({ path }) =>
    path.includes("alive")
      ? refusal(404, "Provided variable was not found")
      : refusal(404, "Provided channel was not found");
  using ari = await AriCommands.open(pbx.address);
  assert.equal(await ari.variable("alive", "X"), undefined);
  assert.equal((await failure(ari.variable("dead", "X"))).kind, "gone");
});

Deno.test("an earlier hang-up is told apart from every other refusal", async () => {
  const kinds: [number, string, string][] = [
    [404, "Channel not found", "gone"],
    [400, "Channel not found", "gone"],
    [400, "Invalid parameter", "unexpected"],
    [409, "Channel not in a Stasis application", "conflict"],
    [412, "Channel in invalid state", "conflict"],
    [500, "Supplying a bridge type when updating a bridge is not allowed.", "conflict"],
    [422, "Channel not in Stasis application", "not_in_stasis"],
    [403, "Forbidden", "unauthorized"],
    [500, "Internal error", "unexpected"],
  ];
  await using pbx = new TestAri();
  using ari = await AriCommands.open(pbx.address);
  for (const [status, message, kind] of kinds) {
    pbx.answer = () => refusal(status, message);
    const error = await failure(ari.addToBridge("b1", "c1"));
    assert.equal(error.kind, kind);
    assert.equal(error.status, status);
    assert.match(
      error.message,
      new RegExp(`bridges.addChannel /bridges/b1/addChannel.*${message}`),
    );
  }
});

Deno.test("cleaning up after a caller who hung up first is no error", async () => {
  await using pbx = new TestAri();
  pbx.answer = () => refusal(404, "Channel not found");
  using ari = await AriCommands.open(pbx.address);
  assert.equal(await unlessGone(ari.hangUp("c1")), undefined);
  await ari.stopPlayback("p1");
  pbx.answer = () => refusal(500, "Internal error");
  await failure(unlessGone(ari.hangUp("c1")));
});

Deno.test("a cancelled command rejects with the reason, without waiting for the PBX", async () => {
  await using pbx = new TestAri();
  const asked = Promise.withResolvers<void>();
  const never = Promise.withResolvers<Response>();
  pbx.answer = () => (asked.resolve(), never.promise);
  using ari = await AriCommands.open(pbx.address);
  const cancel = new AbortController();
  const answering = ari.answer("c1", cancel.signal);
  await asked.promise;
  cancel.abort(new Error("the caller hung up"));
  await assert.rejects(answering, /the caller hung up/);
  never.resolve(new Response());
});

Deno.test("a PBX that does not answer in time is told apart from one that is away", async () => {
  await using pbx = new TestAri();
  const never = Promise.withResolvers<Response>();
  pbx.answer = () => never.promise;
  using ari = await AriCommands.open(pbx.address);
  const late = await failure(ari.answer("c1", AbortSignal.timeout(20)));
  assert.equal(late.kind, "timeout");
  never.resolve(new Response());
});

Deno.test("wrong credentials are reported as such, without the password", async () => {
  await using pbx = new TestAri({ password: "other" });
  const error = await failure(AriCommands.open(pbx.address));
  assert.equal(error.kind, "unauthorized");
  assert.match(error.message, /ARI_USER and ARI_PASSWORD/);
  assert.doesNotMatch(error.message, /right/);
});

Deno.test("an address where nobody listens, or without an ARI, is reported with its cure", async () => {
  const pbx = new TestAri();
  const { address } = pbx;
  await pbx[Symbol.asyncDispose]();
  const away = await failure(AriCommands.open(address));
  assert.equal(away.kind, "unreachable");
  await using other = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    () => new Response("<html>Not here</html>", { status: 404 }),
  );
  const url = `http://127.0.0.1:${other.addr.port}`;
  const notAri = await failure(AriCommands.open({ ...address, url }));
  assert.equal(notAri.kind, "unreachable");
  assert.match(notAri.message, /ARI_HTTP_URL/);
});

Deno.test("commands work again after a restart of the PBX", async () => {
  const before = new TestAri();
  using ari = await AriCommands.open(before.address);
  await ari.answer("c1");
  await before[Symbol.asyncDispose]();
  assert.equal((await failure(ari.answer("c1"))).kind, "unreachable");
  await using after = new TestAri({ port: before.port });
  await ari.answer("c2");
  assert.equal(after.seen[0]?.path, "/ari/channels/c2/answer");
});

Deno.test("an answer that does not fit the api-docs is an error, never data", async () => {
  await using pbx = new TestAri();
  using ari = await AriCommands.open(pbx.address);
  pbx.answer = () => Response.json({ id: "b1" });
  const incomplete = await failure(ari.createBridge("b1"));
  assert.equal(incomplete.kind, "unexpected");
  assert.match(incomplete.message, /does not fit the api-docs: name/);
  pbx.answer = () => new Response("{");
  assert.equal((await failure(ari.createBridge("b1"))).kind, "unexpected");
});
