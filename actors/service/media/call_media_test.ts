import assert from "node:assert/strict";
import type { AriCommands, AriEvent } from "../../../asterisk/ari/mod.ts";
import type { AriGate } from "../ari_gate.ts";
import type { CallIsolate } from "../isolates/pooled_isolate.ts";
import { CallMedia } from "./call_media.ts";
import type { FromCall, ToCall } from "../../messages.ts";

/** A PBX whose replies come when a test lets them. */
class SlowPbx {
  readonly bridgeReply = Promise.withResolvers<void>();
  readonly bridged = Promise.withResolvers<void>();
  readonly hungUp: string[] = [];

  readonly #commands = {
    externalMedia: () =>
      Promise.resolve({ address: { kind: "websocket", url: "ws://127.0.0.1/media/1" } }),
    addToBridge: () => {
      this.bridged.resolve();
      return this.bridgeReply.promise;
    },
    hangUp: (id: string) => {
      this.hungUp.push(id);
      return Promise.resolve();
    },
  } as unknown as AriCommands;

  readonly gate = {
    run: <T>(work: (commands: AriCommands) => Promise<T>) => work(this.#commands),
    runOnce: <T>(work: (commands: AriCommands) => Promise<T>) => work(this.#commands),
  } as unknown as AriGate;
}

/** An isolate that opens its media as soon as it knows where. */
function willingIsolate(): CallIsolate {
  let tell: (message: FromCall) => void;
  return {
    exited: new Promise(() => {}),
    detail: "",
    listen: (listener: (message: FromCall) => void) => tell = listener,
    post: (message: ToCall) => {
      if (message.kind === "media") tell({ kind: "media_open" });
    },
  } as unknown as CallIsolate;
}

function mediaOn(pbx: SlowPbx): CallMedia {
  return CallMedia.start({ kind: "websocket" }, {
    ari: pbx.gate,
    app: "voxbot",
    callId: "abc",
    channelId: "caller-1",
    bridgeId: "voxbot-abc",
    timeoutMs: 5000,
    signal: new AbortController().signal,
  });
}

function entered(type: string, id: string): AriEvent {
  return { type, channel: { id }, bridge: { id: "voxbot-abc" } } as unknown as AriEvent;
}

Deno.test("a caller is listened to once in the bridge, however late the PBX replies", async () => {
  const pbx = new SlowPbx();
  await using media = mediaOn(pbx);
  const connected = media.connect(willingIsolate(), () => {});
  media.onEvent(entered("StasisStart", media.id));
  await pbx.bridged.promise;
  media.onEvent(entered("ChannelEnteredBridge", "caller-1"));
  media.onEvent(entered("ChannelEnteredBridge", media.id));
  await connected;
  pbx.bridgeReply.reject(new Error("the reply was lost"));
});

Deno.test("a PBX that does not tell of the bridge is believed by its reply", async () => {
  const pbx = new SlowPbx();
  await using media = mediaOn(pbx);
  const connected = media.connect(willingIsolate(), () => {});
  media.onEvent(entered("StasisStart", media.id));
  pbx.bridgeReply.resolve();
  await connected;
});

Deno.test("a bridge that refuses the audio is told", async () => {
  const pbx = new SlowPbx();
  const media = mediaOn(pbx);
  const connected = media.connect(willingIsolate(), () => {});
  media.onEvent(entered("StasisStart", media.id));
  pbx.bridgeReply.reject(new Error("Bridge not found"));
  await assert.rejects(connected, /Bridge not found/);
  await media[Symbol.asyncDispose]();
  assert.deepEqual(pbx.hungUp, [media.id]);
});
