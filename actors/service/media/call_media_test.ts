import assert from "node:assert/strict";
import { mock } from "node:test";
import type { MediaPlan } from "../../../media/transport.ts";
import { CALLER, FakeIsolate, soon } from "../calls/call_rig.ts";
import { FakePbx, playback } from "../calls/pbx_rig.ts";
import { CallMedia } from "./call_media.ts";

const FILES: MediaPlan = {
  kind: "files",
  soundsDir: "",
  recordingDir: "",
  language: "en",
  retries: 0,
};

/** One call's media, and the signal that the call is over. */
function mediaOn(pbx: FakePbx, plan: MediaPlan = { kind: "websocket" }) {
  const over = new AbortController();
  pbx.enters(CALLER);
  const media = CallMedia.start(plan, {
    ari: pbx.gate,
    app: "voxbot",
    callId: "abc",
    channelId: CALLER,
    bridgeId: "voxbot-abc",
    timeoutMs: 5000,
    signal: over.signal,
  });
  pbx.onEvent = (event) => media.onEvent(event);
  return { media, over };
}

/** Lets the PBX report a channel in the call's bridge. */
function entersBridge(pbx: FakePbx, id: string): void {
  const channel = pbx.channels.get(id)!.channel;
  const bridge = {
    id: "voxbot-abc",
    name: "",
    technology: "",
    bridge_type: "mixing",
    channels: [],
  };
  pbx.tell({ type: "ChannelEnteredBridge", bridge, channel });
}

Deno.test("the bot hears the caller as soon as both are in the bridge, however late the PBX replies", async () => {
  const pbx = new FakePbx();
  const { media } = mediaOn(pbx);
  await using _media = media;
  const release = pbx.holds("addToBridge");
  let connected = false;
  const connecting = media.connect(new FakeIsolate("call-1"), () => {})
    .then(() => connected = true);
  await soon(() => pbx.count("addToBridge"), "the media are being added to the bridge");
  entersBridge(pbx, CALLER);
  assert.equal(connected, false);
  entersBridge(pbx, media.id);
  await connecting;
  pbx.fails("addToBridge", "timeout");
  release();
});

Deno.test("a PBX that reports no event about the bridge is believed by its reply", async () => {
  const pbx = new FakePbx();
  const { media } = mediaOn(pbx);
  await using _media = media;
  pbx.onEvent = (event) => {
    if (event.type !== "ChannelEnteredBridge") media.onEvent(event);
  };
  await media.connect(new FakeIsolate("call-1"), () => {});
});

Deno.test("a bridge that refuses the audio is reported, and the media channel is hung up", async () => {
  const pbx = new FakePbx();
  const { media } = mediaOn(pbx);
  pbx.fails("addToBridge", "gone");
  await assert.rejects(media.connect(new FakeIsolate("call-1"), () => {}), { kind: "gone" });
  await media[Symbol.asyncDispose]();
  assert.equal(pbx.count(`hangUp ${media.id}`), 1);
});

Deno.test("an isolate that does not connect in time is given up, and the log can name the PBX", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const pbx = new FakePbx();
    const { media } = mediaOn(pbx);
    await using _media = media;
    const isolate = new FakeIsolate("call-1", false);
    const connecting = assert.rejects(
      media.connect(isolate, () => {}),
      /not within 5000 ms: no websocket media: check the PBX's log/,
    );
    await soon(() => isolate.last("media"), "it is to connect");
    mock.timers.tick(5000);
    await connecting;
  } finally {
    mock.timers.reset();
  }
});

Deno.test("an isolate that dies while connecting is not waited for, nor is one whose call is over", async () => {
  const pbx = new FakePbx();
  const { media, over } = mediaOn(pbx);
  await using _media = media;
  const dying = new FakeIsolate("dying", false);
  const connecting = assert.rejects(
    media.connect(dying, () => {}),
    /died while connecting \(out_of_memory\): too much/,
  );
  dying.dies("out_of_memory", "too much");
  await connecting;
  over.abort(new DOMException("hung up", "AbortError"));
  await assert.rejects(media.connect(new FakeIsolate("call-1", false), () => {}), {
    message: "hung up",
  });
});

Deno.test("where the PBX connects to the isolate, it is asked once the isolate listens", async () => {
  const pbx = new FakePbx();
  const { media } = mediaOn(pbx, { kind: "audiosocket", host: "127.0.0.1", format: "slin16" });
  await using _media = media;
  const isolate = new FakeIsolate("call-1");
  const connecting = media.connect(isolate, () => {});
  assert.equal(pbx.count("externalMedia"), 0);
  isolate.tells({
    kind: "media_offer",
    offer: { kind: "audiosocket", host: "127.0.0.1", port: 4000, uuid: "u", format: "slin16" },
  });
  await connecting;
  assert.equal(pbx.count("externalMedia"), 1);
});

Deno.test("with files, the isolate's requests are carried out on the caller's channel, and it learns what came of them", async () => {
  const pbx = new FakePbx();
  const { media } = mediaOn(pbx, FILES);
  const isolate = new FakeIsolate("call-1");
  await media.connect(isolate, () => {});
  isolate.tells({
    kind: "files",
    seq: 1,
    request: { what: "play", playbackId: "p1", media: "sound:a" },
  });
  await soon(() => isolate.last("files_done"), "it is done");
  assert.equal(pbx.count(`play ${CALLER} sound:a`), 1);
  pbx.tell({ type: "PlaybackFinished", playback: playback(CALLER, "p1") });
  assert.deepEqual(isolate.last("files_event")!.event, {
    what: "playback_finished",
    playbackId: "p1",
  });
  pbx.fails("play", "unexpected");
  isolate.tells({
    kind: "files",
    seq: 2,
    request: { what: "play", playbackId: "p2", media: "sound:b" },
  });
  const failed = await soon(
    () => isolate.last("files_done")!.seq === 2 && isolate.last("files_done"),
    "it is answered",
  );
  assert.match(failed.error!, /500/);
  await media[Symbol.asyncDispose]();
});
