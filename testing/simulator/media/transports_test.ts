// Every transport on the simulated PBX: the promises of tests/pbx/media_transport_test.ts.

import assert from "node:assert/strict";
import { join } from "node:path";
import { levelDbfs, type Pcm } from "../../../media/frame.ts";
import type { MediaPlan, MediaTransport } from "../../../media/transport.ts";
import {
  AriConnection,
  AriFileControl,
  type ChannelOffer,
  unlessGone,
} from "../../../asterisk/ari/mod.ts";
import { LineLog } from "../../line_log.ts";
import { prepareMedia } from "../../../asterisk/transports/mod.ts";
import { startSimulator } from "../mod.ts";
import type { SimulatedCaller, Simulator } from "../simulator.ts";

const HOST = "127.0.0.1";
const KINDS = ["websocket", "audiosocket", "audiosocket 8 kHz", "rtp", "files"] as const;

interface Line {
  readonly caller: SimulatedCaller;
  readonly transport: MediaTransport;
  readonly log: LineLog;
  readonly pbx: Simulator;
}

/** Runs `test` on a call with this transport. */
async function onLine(kind: typeof KINDS[number], test: (line: Line) => Promise<void>) {
  await using stack = new AsyncDisposableStack();
  const root = await Deno.makeTempDir();
  stack.defer(() => Deno.remove(root, { recursive: true }));
  const folders = { dataDir: join(root, "data"), spoolDir: join(root, "spool") };
  await Deno.mkdir(join(folders.dataDir, "sounds"), { recursive: true });
  await Deno.mkdir(join(folders.spoolDir, "recording"), { recursive: true });
  const plans: Record<typeof KINDS[number], MediaPlan> = {
    "websocket": { kind: "websocket" },
    "audiosocket": { kind: "audiosocket", host: HOST, format: "slin16" },
    "audiosocket 8 kHz": { kind: "audiosocket", host: HOST, format: "slin" },
    "rtp": { kind: "rtp", host: HOST, ports: [30_000, 30_999], format: "alaw" },
    "files": {
      kind: "files",
      soundsDir: join(folders.dataDir, "sounds"),
      language: "ru",
      recordingDir: join(folders.spoolDir, "recording"),
      retries: 0,
    },
  };
  const pbx = stack.use(await startSimulator({ folders }));
  const entered = new Map<string, PromiseWithResolvers<void>>();
  const inApp = (id: string) => {
    if (!entered.has(id)) entered.set(id, Promise.withResolvers());
    return entered.get(id)!;
  };
  let control: AriFileControl | undefined;
  const { ARI_HTTP_URL: url, ARI_USER: user, ARI_PASSWORD: password } = pbx.env;
  const connection = stack.use(
    new AriConnection({ url, user, password }, "voxbot", {
      onEvent(event) {
        if (event.type === "StasisStart") inApp(event.channel.id).resolve();
        control?.onEvent(event);
      },
      onUp() {},
      onDown() {},
    }),
  );
  await connection.connect();
  const ari = connection.commands;
  const caller = stack.use(await pbx.call());
  const { channelId } = caller;
  await inApp(channelId).promise;
  const log = new LineLog();
  const plan = plans[kind];
  if (plan.kind === "files") {
    control = stack.use(new AriFileControl(ari, { channelId, snoopId: "snoop", app: "voxbot" }));
    const transport = (await prepareMedia(plan, control)).transport({ kind: "files" });
    stack.use(transport);
    await transport.open(log, AbortSignal.timeout(5000));
    return await test({ caller, transport, log, pbx });
  }
  const listener = stack.use(await prepareMedia(plan));
  const media = await ari.externalMedia(
    "media",
    "voxbot",
    undefined,
    listener.offer as ChannelOffer,
  );
  stack.defer(async () => void await unlessGone(ari.hangUp("media")));
  const transport = stack.use(listener.transport(media.address));
  await transport.open(log, AbortSignal.timeout(5000));
  await inApp("media").promise;
  await ari.createBridge("bridge");
  await ari.addToBridge("bridge", channelId);
  await ari.addToBridge("bridge", "media");
  await test({ caller, transport, log, pbx });
}

function tone(ms: number): Pcm {
  return new Int16Array(16 * ms).map((_, i) => 8000 * Math.sin(2 * Math.PI * 440 * i / 16_000));
}

function loudFrames(frames: readonly Pcm[]): number {
  return frames.filter((frame) => levelDbfs(frame) > -30).length;
}

for (const kind of KINDS) {
  Deno.test(`${kind}: caller and bot hear each other`, () =>
    onLine(kind, async ({ caller, transport, log }) => {
      await caller.say(tone(400));
      await caller.say(new Int16Array(16 * 200));
      await log.until(({ frames }) => loudFrames(frames) >= 19);

      transport.out.send(tone(400));
      transport.out.endOfPhrase("said");
      await log.until(({ marks }) => marks.includes("said"));
      const heard = loudFrames(caller.heard.map(({ pcm }) => pcm));
      assert.ok(heard >= 18 && heard <= 21, `${heard} of 20 frames heard`);
    }));

  Deno.test(`${kind}: after a barge-in the rest of the phrase is not heard, but the next phrase is`, () =>
    onLine(kind, async ({ caller, transport, log }) => {
      transport.out.send(tone(5000));
      transport.out.endOfPhrase("cut");
      await caller.say(new Int16Array(16 * 400));
      transport.out.pause();
      await caller.say(tone(200));
      await transport.out.flush();
      const before = caller.heard.length;
      await caller.say(new Int16Array(16 * 300));
      assert.ok(loudFrames(caller.heard.slice(before).map(({ pcm }) => pcm)) <= 1);
      transport.out.send(tone(200));
      transport.out.endOfPhrase("next");
      await log.until(({ marks }) => marks.includes("next"));
      assert.deepEqual(log.marks, ["next"]);
    }));
}

for (
  const [ending, end] of [
    ["a caller hangs up first", (caller: SimulatedCaller) => caller.hangUp()],
    ["the bot ends the call", () => Promise.resolve()],
  ] as const
) {
  Deno.test(`files: when ${ending}, nothing of the caller's voice stays on the PBX`, () =>
    onLine("files", async ({ caller, transport, log, pbx }) => {
      await caller.say(tone(400));
      await log.until(({ frames }) => frames.length > 0);
      assert.equal((await pbx.leftovers()).recordings.length, 1);
      await end(caller);
      await transport[Symbol.asyncDispose]();
      assert.deepEqual((await pbx.leftovers()).recordings, []);
    }));
}
