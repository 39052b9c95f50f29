// Our assumptions about ARI, checked on a real Asterisk.

import assert from "node:assert/strict";
import {
  API_DOCS_IN_USE,
  type AriAddress,
  AriCommands,
  AriConnection,
  AriError,
  type AriEvent,
  checkAgainstApiDocs,
} from "../../asterisk/ari/mod.ts";
import { startTestbed } from "../asterisk/testbed.ts";
import { nothingLeft } from "./leftovers.ts";

const pbx = await startTestbed();
Deno.test.afterAll(async () => await pbx[Symbol.asyncDispose]());

const app = pbx.env.ARI_APP_NAME;
const address: AriAddress = {
  url: pbx.env.ARI_HTTP_URL,
  user: pbx.env.ARI_USER,
  password: pbx.env.ARI_PASSWORD,
};

/** A connection whose reports can be awaited, each once, in any order. */
class Connection implements AsyncDisposable {
  readonly #ari: AriConnection;
  readonly #unread: string[] = [];
  #reported = Promise.withResolvers<void>();

  private constructor() {
    this.#ari = new AriConnection(address, app, {
      onEvent: (event) => this.#report(nameOf(event)),
      onUp: () => this.#report("up"),
      onDown: () => this.#report("down"),
    });
  }

  static async open(): Promise<Connection> {
    const connection = new Connection();
    await connection.#ari.connect();
    await connection.next("up");
    return connection;
  }

  get commands(): AriCommands {
    return this.#ari.commands;
  }

  /** Resolves with the first unread report with this prefix; earlier ones count as read. */
  async next(beginning: string): Promise<string> {
    for (;;) {
      const report = this.#unread.shift();
      if (report?.startsWith(beginning)) return report;
      if (report === undefined) await this.#reported.promise;
    }
  }

  /** The channel id of the next call. */
  async nextCall(): Promise<string> {
    return (await this.next("StasisStart ")).split(" ")[1]!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ari[Symbol.asyncDispose]();
  }

  #report(what: string): void {
    this.#unread.push(what);
    this.#reported.resolve();
    this.#reported = Promise.withResolvers();
  }
}

function nameOf(event: AriEvent): string {
  return "channel" in event ? `${event.type} ${event.channel?.id}` : event.type;
}

async function kindOf(command: Promise<unknown>): Promise<string> {
  try {
    await command;
    return "success";
  } catch (error) {
    if (error instanceof AriError) return error.kind;
    throw error;
  }
}

Deno.test("everything we use of ARI is in the PBX's own API description", async () => {
  using ari = await AriCommands.open(address);
  const docs: Record<string, unknown> = {};
  for (const resource of API_DOCS_IN_USE) docs[resource] = await ari.apiDocs(resource);
  assert.deepEqual(checkAgainstApiDocs(docs), []);
});

Deno.test("the version, the modules and the application can be asked for", async () => {
  await using connection = await Connection.open();
  const ari = connection.commands;
  assert.match((await ari.info()).system?.version ?? "", new RegExp(`^${pbx.release}\\.`));
  const modules = new Map((await ari.modules()).map(({ name, status }) => [name, status]));
  assert.equal(modules.get("chan_websocket.so"), "Running");
  assert.equal(modules.get("chan_carrier_pigeon.so"), undefined);
  assert(modules.has("res_ari.so"));
  assert.equal((await ari.application(app)).name, app);
  assert.equal(await kindOf(ari.application("nobody")), "gone");
});

Deno.test("a call can be bridged, given variables, played to, and continued in the dialplan", async () => {
  await using connection = await Connection.open();
  const ari = connection.commands;
  await using caller = await pbx.call();
  const id = await connection.nextCall();
  assert.equal((await ari.channels()).find((channel) => channel.id === id)?.state, "Up");
  await ari.answer(id);
  await ari.setVariable(id, "GREETING", "hello & welcome?");
  assert.equal(await ari.variable(id, "GREETING"), "hello & welcome?");
  assert.equal(await ari.variable(id, "NEVER_SET"), undefined);
  await ari.play(id, "playback-1", "tone:ring");
  await connection.next("PlaybackStarted");
  await ari.stopPlayback("playback-1");
  await connection.next("PlaybackFinished");
  await ari.stopPlayback("playback-1");
  await ari.createBridge("bridge-1");
  assert.equal(await kindOf(ari.createBridge("bridge-1")), "conflict");
  await ari.addToBridge("bridge-1", id);
  await connection.next(`ChannelEnteredBridge ${id}`);
  await ari.destroyBridge("bridge-1");
  await ari.moveToApp(id, app, "again");
  await connection.next(`StasisStart ${id}`);
  await ari.continueInDialplan(id, {
    context: pbx.env.ARI_FALLBACK_CONTEXT || "voxbot-fallback",
    extension: "s",
    priority: 1,
  });
  await connection.next(`StasisEnd ${id}`);
  assert.equal(await kindOf(ari.answer(id)), "conflict");
  await ari.hangUp(id);
  await caller.ended;
});

Deno.test("after a caller's hang-up every command fails with the error kind for it", async () => {
  await using connection = await Connection.open();
  const ari = connection.commands;
  const caller = await pbx.call();
  const id = await connection.nextCall();
  await caller.hangUp();
  await connection.next(`StasisEnd ${id}`);
  await nothingLeft(pbx);
  await ari.createBridge("bridge-2");
  // All at once, each with its handler: an error that nobody waits for yet would end the test.
  const kinds = await Promise.all([
    ari.answer(id),
    ari.hangUp(id),
    ari.variable(id, "X"),
    ari.play(id, "p", "tone:ring"),
    ari.sendDtmf(id, "1"),
    ari.addToBridge("bridge-2", id),
    ari.moveToApp(id, app),
  ].map(kindOf));
  assert.deepEqual(kinds, kinds.map(() => "gone"));
  await ari.destroyBridge("bridge-2");
  assert.equal(await kindOf(ari.destroyBridge("bridge-2")), "gone");
});

Deno.test("a media channel cannot be bridged before its own StasisStart", async () => {
  await using connection = await Connection.open();
  const ari = connection.commands;
  await ari.createBridge("bridge-3");
  await ari.externalMedia("media-3", app);
  assert.equal(await kindOf(ari.addToBridge("bridge-3", "media-3")), "not_in_stasis");
  await ari.hangUp("media-3");
  await ari.destroyBridge("bridge-3");
  await nothingLeft(pbx);
});

Deno.test("the first client learns that a second one took the application, and stays connected", async () => {
  await using first = await Connection.open();
  await using _second = await Connection.open();
  await first.next("ApplicationReplaced");
});

Deno.test("after a power failure of the PBX, events and commands recover by themselves", async () => {
  await using connection = await Connection.open();
  await pbx.kill();
  await connection.next("down");
  await pbx.restart();
  await connection.next("up");
  await using caller = await pbx.call();
  await connection.commands.hangUp(await connection.nextCall());
  assert.equal(await caller.ended, "the PBX hung up");
});
