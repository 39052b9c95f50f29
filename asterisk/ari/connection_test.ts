import assert from "node:assert/strict";
import { AriConnection, type AriListener } from "./connection.ts";
import { LogLines } from "../../testing/log_lines.ts";
import { channelJson, eventJson, TestAri } from "../../testing/test_ari.ts";

const QUICK = { minBackoffMs: 1, maxBackoffMs: 4, pingMs: 10_000 };

/** What a connection reported, in order: "up", "down", or an event's type. */
class Reports implements AriListener {
  readonly all: string[] = [];
  #waiting: { readonly report: string; readonly times: number; readonly resolve: () => void }[] =
    [];

  onEvent(event: { readonly type: string }): void {
    this.#add(event.type);
  }
  onUp(): void {
    this.#add("up");
  }
  onDown(): void {
    this.#add("down");
  }

  /** Resolves once `report` was made this many times. */
  seen(report: string, times = 1): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ report, times, resolve });
    this.#check();
    return promise;
  }

  #add(report: string): void {
    this.all.push(report);
    this.#check();
  }

  #check(): void {
    for (const { report, times, resolve } of this.#waiting) {
      if (this.all.filter((each) => each === report).length >= times) resolve();
    }
  }
}

Deno.test("events arrive in order, whatever malformed and unknown ones come between them", async () => {
  using log = new LogLines("debug");
  await using pbx = new TestAri();
  const reports = new Reports();
  await using ari = new AriConnection(pbx.address, "voxbot", reports, QUICK);
  await ari.connect();
  const socket = await pbx.socket();
  socket.send(eventJson("StasisStart", { args: [], channel: channelJson("c1") }));
  socket.send("{ not json +15550001234");
  socket.send(eventJson("StasisStart", { args: "+15550001234" }));
  socket.send(eventJson("NewInSomeVersion", { channel: channelJson("c1") }));
  socket.send(eventJson("StasisEnd", { channel: channelJson("c1") }));
  await reports.seen("StasisEnd");
  assert.deepEqual(reports.all, ["up", "StasisStart", "StasisEnd"]);
  assert.equal(log.all.filter((line) => line.includes("malformed event dropped")).length, 2);
  assert.doesNotMatch(log.all.join(), /555|right/);
});

Deno.test("a handler that throws on one event still gets the next", async () => {
  using log = new LogLines("debug");
  await using pbx = new TestAri();
  const reports = new Reports();
  await using ari = new AriConnection(pbx.address, "voxbot", {
    onEvent(event) {
      if (event.type === "StasisStart") throw new Error("a bug");
      reports.onEvent(event);
    },
    onUp: () => reports.onUp(),
    onDown: () => reports.onDown(),
  }, QUICK);
  await ari.connect();
  const socket = await pbx.socket();
  socket.send(eventJson("StasisStart", { args: [], channel: channelJson("c1") }));
  socket.send(eventJson("StasisEnd", { channel: channelJson("c1") }));
  await reports.seen("StasisEnd");
  assert(log.all.some((line) => line.includes("a bug")));
});

Deno.test("a PBX that comes up late is connected to, and its absence is warned of once", async () => {
  using log = new LogLines("debug");
  const early = new TestAri();
  const { address, port } = early;
  await early[Symbol.asyncDispose]();
  const reports = new Reports();
  await using ari = new AriConnection(address, "voxbot", reports, QUICK);
  const again = log.written(/still not connected/);
  const connecting = ari.connect();
  await again;
  assert.equal(ari.up, false);
  await using _pbx = new TestAri({ port });
  await connecting;
  assert.equal(ari.up, true);
  assert.equal(log.warnings.length, 1);
  assert.match(log.warnings[0]!, /ARI_HTTP_URL/);
});

Deno.test("after a restart of the PBX, events and commands work again and the listener hears of it", async () => {
  const before = new TestAri();
  const reports = new Reports();
  await using ari = new AriConnection(before.address, "voxbot", reports, QUICK);
  await ari.connect();
  await before.socket();
  await before[Symbol.asyncDispose]();
  await reports.seen("down");
  assert.equal(ari.up, false);
  await using after = new TestAri({ port: before.port });
  await reports.seen("up", 2);
  (await after.socket()).send(eventJson("StasisEnd", { channel: channelJson("c1") }));
  await reports.seen("StasisEnd");
  await ari.commands.answer("c1");
  assert.deepEqual(reports.all, ["up", "down", "up", "StasisEnd"]);
});

Deno.test("wrong credentials are warned of once, and work as soon as the PBX accepts them", async () => {
  using log = new LogLines("debug");
  const strict = new TestAri({ password: "other" });
  await using ari = new AriConnection(strict.address, "voxbot", new Reports(), QUICK);
  const again = log.written(/still not connected/);
  const connecting = ari.connect();
  await again;
  await strict[Symbol.asyncDispose]();
  await using _pbx = new TestAri({ port: strict.port });
  await connecting;
  const refused = log.warnings.filter((line) => /ARI_USER and ARI_PASSWORD/.test(line));
  assert.equal(refused.length, 1);
});

Deno.test("an events socket that is refused or not served is reported with its cure", async () => {
  using log = new LogLines("debug");
  await using pbx = new TestAri();
  pbx.refuseEvents = new Response("Authentication required", { status: 401 });
  await using ari = new AriConnection(pbx.address, "voxbot", new Reports(), QUICK);
  const connecting = ari.connect();
  await log.written(/WARNING.*401.*ARI_USER and ARI_PASSWORD/);
  pbx.refuseEvents = new Response("Not found", { status: 404 });
  await log.written(/WARNING.*404.*ARI_HTTP_URL/);
  pbx.refuseEvents = undefined;
  await connecting;
});

Deno.test("a PBX that falls silent without closing is noticed, and connected to again", async () => {
  await using pbx = new TestAri();
  await using relay = new SilentRelay(pbx.port);
  const reports = new Reports();
  const address = { ...pbx.address, url: `http://127.0.0.1:${relay.port}` };
  await using ari = new AriConnection(address, "voxbot", reports, { ...QUICK, pingMs: 30 });
  await ari.connect();
  relay.cut();
  await reports.seen("up", 2);
  assert.deepEqual(reports.all.slice(0, 3), ["up", "down", "up"]);
});

Deno.test("closing does not wait for a PBX that has fallen silent", async () => {
  await using pbx = new TestAri();
  await using relay = new SilentRelay(pbx.port);
  const address = { ...pbx.address, url: `http://127.0.0.1:${relay.port}` };
  const reports = new Reports();
  const ari = new AriConnection(address, "voxbot", reports, QUICK);
  await ari.connect();
  relay.cut();
  await ari[Symbol.asyncDispose]();
  assert.deepEqual(reports.all, ["up", "down"]);
});

Deno.test("an application that another client has taken over is not taken back", async () => {
  using log = new LogLines("debug");
  await using pbx = new TestAri();
  const reports = new Reports();
  await using ari = new AriConnection(pbx.address, "voxbot", reports, QUICK);
  await ari.connect();
  const socket = await pbx.socket();
  socket.send(eventJson("ApplicationReplaced"));
  await reports.seen("ApplicationReplaced");
  assert.equal(ari.up, true);
  socket.close();
  await log.written(/not made again/);
  // Opening another connection takes many more requests than a reconnect would.
  await using other = new AriConnection(pbx.address, "voxbot", new Reports(), QUICK);
  await other.connect();
  assert.deepEqual(reports.all, ["up", "ApplicationReplaced", "down"]);
});

Deno.test("an aborted connect rejects with the signal's reason", async () => {
  const away = new TestAri();
  const { address } = away;
  await away[Symbol.asyncDispose]();
  await using ari = new AriConnection(address, "voxbot", new Reports(), QUICK);
  const giveUp = new AbortController();
  const connecting = ari.connect(giveUp.signal);
  giveUp.abort(new Error("SIGTERM"));
  await assert.rejects(connecting, /SIGTERM/);
  await using late = new AriConnection(address, "voxbot", new Reports(), QUICK);
  await assert.rejects(late.connect(giveUp.signal), /SIGTERM/);
});

/** A TCP relay to a loopback port that can be cut without either end noticing. */
class SilentRelay implements AsyncDisposable {
  readonly #listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  readonly #serving: Promise<void>;
  readonly #ends = new Set<Deno.TcpConn>();
  #cut = new AbortController();

  constructor(to: number) {
    this.#serving = this.#serve(to);
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** From now on, the connections open at this moment pass nothing. */
  cut(): void {
    this.#cut.abort();
    this.#cut = new AbortController();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const end of this.#ends) end.close();
    await this.#serving;
  }

  async #serve(to: number): Promise<void> {
    const passing: Promise<void>[] = [];
    for await (const near of this.#listener) {
      const far = await Deno.connect({ port: to, hostname: "127.0.0.1" });
      this.#ends.add(near).add(far);
      const { signal } = this.#cut;
      passing.push(pass(near, far, signal), pass(far, near, signal));
    }
    await Promise.all(passing);
  }
}

/** Passes bytes on until the relay is cut, then swallows them. Ends when either end closes. */
async function pass(from: Deno.TcpConn, to: Deno.TcpConn, cut: AbortSignal): Promise<void> {
  const buffer = new Uint8Array(65536);
  try {
    for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
      if (!cut.aborted) await to.write(buffer.subarray(0, n));
    }
  } catch (error) {
    const closed = error instanceof Deno.errors.BadResource ||
      error instanceof Deno.errors.Interrupted || error instanceof Deno.errors.ConnectionReset ||
      error instanceof Deno.errors.BrokenPipe;
    if (!closed) throw error;
  }
}

Deno.test("a message too long for any connection costs a reconnect, and events arrive again", async () => {
  using log = new LogLines();
  await using pbx = new TestAri();
  const reports = new Reports();
  await using ari = new AriConnection(pbx.address, "voxbot", reports, QUICK);
  await ari.connect();
  (await pbx.socket()).send("x".repeat(5 * 1024 * 1024));
  await reports.seen("up", 2);
  const socket = await pbx.socket();
  socket.send(eventJson("StasisEnd", { channel: channelJson("c1") }));
  await reports.seen("StasisEnd");
  assert.deepEqual(reports.all, ["up", "down", "up", "StasisEnd"]);
  assert.ok(log.warnings.some((line) => line.includes("connection lost")));
});
