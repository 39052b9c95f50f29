// The websocket transport on a real Asterisk, with a real SIP caller at the other end.

import assert from "node:assert/strict";
import {
  type AriAddress,
  AriConnection,
  type AriEvent,
  unlessGone,
} from "../../asterisk/ari/mod.ts";
import { startTestbed } from "../../asterisk/testbed/testbed.ts";
import { openTransport } from "../../asterisk/transports/mod.ts";
import type { HeardFrame, TestCaller } from "../../media/caller.ts";
import { concatPcm, levelDbfs, type Pcm, SAMPLE_RATE_HZ, samplesIn } from "../../media/frame.ts";
import type { MediaHandlers, MediaTransport } from "../../media/transport.ts";
import { audioOf, hears, likeness, load } from "./listening.ts";
import { nothingLeft } from "./nothing_left.ts";

const pbx = await startTestbed();
Deno.test.afterAll(async () => await pbx[Symbol.asyncDispose]());

const app = pbx.env.ARI_APP_NAME!;
const address: AriAddress = {
  url: pbx.env.ARI_HTTP_URL!,
  user: pbx.env.ARI_USER!,
  password: pbx.env.ARI_PASSWORD!,
};

/** What the transport tells its owner. */
class Ear implements MediaHandlers {
  readonly frames: Pcm[] = [];
  readonly told: string[] = [];
  #changed = Promise.withResolvers<void>();

  onFrame(frame: Pcm): void {
    this.frames.push(frame);
  }
  onMark(markId: string): void {
    this.#tell(`mark ${markId}`);
  }
  onDtmf(digit: string): void {
    this.#tell(`key ${digit}`);
  }
  onClose(reason: string): void {
    this.#tell(`close ${reason}`);
  }

  async hears(what: string): Promise<void> {
    while (!this.told.includes(what)) await this.#changed.promise;
  }

  #tell(what: string): void {
    this.told.push(what);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** A SIP caller bridged with a websocket transport, as a call of the service is. */
class BridgedCall implements AsyncDisposable {
  readonly ear = new Ear();

  private constructor(
    readonly caller: TestCaller,
    readonly transport: MediaTransport,
    readonly hangUpMedia: () => Promise<void>,
    readonly dispose: () => Promise<void>,
  ) {}

  static async open(): Promise<BridgedCall> {
    const starts = new Map<string, PromiseWithResolvers<string>>();
    const start = (of: string) => {
      if (!starts.has(of)) starts.set(of, Promise.withResolvers());
      return starts.get(of)!;
    };
    const connection = new AriConnection(address, app, {
      onEvent(event: AriEvent) {
        if (event.type !== "StasisStart") return;
        const { id } = event.channel;
        start(id.startsWith("media-") ? "media" : "caller").resolve(id);
      },
      onUp() {},
      onDown() {},
    });
    await connection.connect();
    const ari = connection.commands;
    const caller = await pbx.call();
    const id = await start("caller").promise;
    const bridgeId = `bridge-${id}`;
    const mediaId = `media-${id}`;
    await ari.createBridge(bridgeId);
    await ari.addToBridge(bridgeId, id);
    const media = await ari.externalMedia(mediaId, app);
    const transport = openTransport(media.address);
    const hangUpMedia = async () => void await unlessGone(ari.hangUp(mediaId));
    const call = new BridgedCall(caller, transport, hangUpMedia, async () => {
      await transport[Symbol.asyncDispose]();
      await caller[Symbol.asyncDispose]();
      await hangUpMedia();
      await ari.destroyBridge(bridgeId);
      await connection[Symbol.asyncDispose]();
      await nothingLeft(pbx);
    });
    await transport.open(call.ear, AbortSignal.timeout(5000));
    await start("media").promise;
    await ari.addToBridge(bridgeId, mediaId);
    return call;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }
}

function tone(ms: number): Pcm {
  return Int16Array.from(
    { length: samplesIn(ms) },
    (_, i) => 8000 * Math.sin(2 * Math.PI * 440 * i / SAMPLE_RATE_HZ),
  );
}

/** Resolves when what is on its way has arrived: the caller has been silent for a moment. */
async function settled({ caller }: BridgedCall): Promise<void> {
  await caller.say(new Int16Array(samplesIn(300)));
}

/** Milliseconds of what was heard that were not silence. */
function loudMs(heard: readonly HeardFrame[]): number {
  return heard.filter(({ pcm }) => levelDbfs(pcm) > -40).length * 20;
}

Deno.test("a phrase sent at once is heard whole, and its mark comes when it has been heard", async () => {
  await using call = await BridgedCall.open();
  const prompt = await load(pbx.promptPath("en", "vm-goodbye"));
  call.transport.send(prompt);
  call.transport.endOfPhrase(
    "a phrase with a long name, as a caller of the transport may choose it",
  );
  await call.ear.hears(
    "mark a phrase with a long name, as a caller of the transport may choose it",
  );
  await settled(call);
  assert.ok(likeness(prompt, audioOf(call.caller.heard)) > 0.9);
  assert.equal(call.transport.bufferedMs, 0);
});

Deno.test("what the caller says arrives in frames of 20 ms", async () => {
  await using call = await BridgedCall.open();
  const prompt = await load(pbx.promptPath("en", "vm-goodbye"));
  await call.caller.say(prompt);
  await settled(call);
  assert.ok(call.ear.frames.every(({ length }) => length === 320));
  assert.ok(likeness(prompt, concatPcm(call.ear.frames)) > 0.9);
});

Deno.test("a pause silences the bot, and resuming loses nothing of the phrase", async () => {
  await using call = await BridgedCall.open();
  call.transport.send(tone(2000));
  call.transport.endOfPhrase("tone");
  await hears(call.caller, 600);
  call.transport.pause();
  await settled(call);
  const before = call.caller.heard.length;
  await call.caller.say(new Int16Array(samplesIn(600)));
  assert.equal(loudMs(call.caller.heard.slice(before)), 0);
  assert.ok(!call.ear.told.includes("mark tone"));
  call.transport.resume();
  await call.ear.hears("mark tone");
  await settled(call);
  const heard = loudMs(call.caller.heard);
  assert.ok(Math.abs(heard - 2000) <= 60, `${heard} ms of 2000 heard`);
});

Deno.test("a flush, even of a paused phrase, silences for good; the next phrase is heard", async () => {
  await using call = await BridgedCall.open();
  call.transport.send(tone(10_000));
  call.transport.endOfPhrase("flushed");
  await hears(call.caller, 600);
  call.transport.pause();
  await call.transport.flush();
  await settled(call);
  const before = call.caller.heard.length;
  await call.caller.say(new Int16Array(samplesIn(400)));
  assert.equal(loudMs(call.caller.heard.slice(before)), 0);
  call.transport.send(tone(500));
  call.transport.endOfPhrase("next");
  await call.ear.hears("mark next");
  await settled(call);
  const heard = loudMs(call.caller.heard.slice(before));
  assert.ok(Math.abs(heard - 500) <= 60, `${heard} ms of 500 heard`);
  assert.deepEqual(call.ear.told, ["mark next"]);
});

Deno.test("more audio than Asterisk can queue is heard whole", async () => {
  await using call = await BridgedCall.open();
  call.transport.send(tone(21_000));
  call.transport.endOfPhrase("long");
  await call.ear.hears("mark long");
  await settled(call);
  const heard = loudMs(call.caller.heard);
  assert.ok(Math.abs(heard - 21_000) <= 100, `${heard} ms of 21000 heard`);
});

Deno.test("the caller's keys arrive in order, each once", async () => {
  await using call = await BridgedCall.open();
  for (const digit of "15#") await call.caller.press(digit);
  await call.ear.hears("key #");
  assert.deepEqual(call.ear.told, ["key 1", "key 5", "key #"]);
});

Deno.test("the PBX hanging up the media is told once, as a hang-up", async () => {
  await using call = await BridgedCall.open();
  call.transport.send(tone(1000));
  await call.hangUpMedia();
  await call.ear.hears("close hangup");
  call.transport.send(tone(1000));
  await call.transport.flush();
  assert.deepEqual(call.ear.told, ["close hangup"]);
});
