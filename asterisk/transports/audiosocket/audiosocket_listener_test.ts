import assert from "node:assert/strict";
import { ManualTime } from "../../../testing/manual_time.ts";
import { eventually } from "../../../testing/eventually.ts";
import { AudioSocketListener } from "./audiosocket_listener.ts";
import { encodeMessage } from "./audiosocket_message.ts";

const FOREVER = new AbortController().signal;

function connect(listener: AudioSocketListener): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: "127.0.0.1", port: listener.port });
}

/** Connects as the PBX does, and names the call. */
async function pbxConnects(listener: AudioSocketListener): Promise<Deno.TcpConn> {
  const conn = await connect(listener);
  await conn.write(encodeMessage(0x01, Uint8Array.fromHex(listener.uuid.replaceAll("-", ""))));
  return conn;
}

/** Whether the far end has closed the connection. */
async function isClosed(conn: Deno.TcpConn): Promise<boolean> {
  try {
    return await conn.read(new Uint8Array(1)) === null;
  } catch {
    return true; // Reset: closed, too.
  }
}

/** A port whose next accepts fail, as for want of descriptors. */
function failingPort(failures: number) {
  return (options: Deno.TcpListenOptions): Deno.TcpListener => {
    const port = Deno.listen(options);
    const accept = port.accept.bind(port);
    port.accept = () =>
      failures-- > 0 ? Promise.reject(new Error("Too many open files (os error 24)")) : accept();
    return port;
  };
}

Deno.test("strangers who connect and say nothing are bounded, and do not keep the PBX out", async () => {
  await using listener = AudioSocketListener.listen("127.0.0.1", new ManualTime());
  const strangers: Deno.TcpConn[] = [];
  for (let nth = 0; nth < 50; nth++) strangers.push(await connect(listener));
  await eventually(() => listener.refused === 42, "all but eight are closed");
  assert.ok(await isClosed(strangers[0]!));
  using _pbx = await pbxConnects(listener);
  const { conn } = await listener.connection(FOREVER);
  conn.close();
  for (const stranger of strangers) stranger.close();
});

Deno.test("a port that cannot accept for a moment is not given up, and the PBX is let in", async () => {
  const time = new ManualTime();
  await using listener = AudioSocketListener.listen("127.0.0.1", time, failingPort(3));
  using _pbx = await pbxConnects(listener);
  const connected = listener.connection(FOREVER);
  for (let nth = 0; nth < 3; nth++) {
    await eventually(() => time.pending > 0, "it pauses");
    time.advance(100);
  }
  (await connected).conn.close();
});

Deno.test("a port that never accepts again fails the call's audio, which is then replaced", async () => {
  const time = new ManualTime();
  await using listener = AudioSocketListener.listen("127.0.0.1", time, failingPort(Infinity));
  const failed = assert.rejects(listener.connection(FOREVER), /AudioSocket port failed/);
  for (let nth = 0; nth < 49; nth++) {
    await eventually(() => time.pending > 0, "it pauses");
    time.advance(100);
  }
  await failed;
});

Deno.test("a call that is over does not wait for a port that cannot accept", async () => {
  const time = new ManualTime();
  const listener = AudioSocketListener.listen("127.0.0.1", time, failingPort(Infinity));
  await eventually(() => time.pending > 0, "it pauses");
  await listener[Symbol.asyncDispose]();
  assert.equal(time.pending, 0);
});
