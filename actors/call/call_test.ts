import assert from "node:assert/strict";
import { settingsWith } from "../../config/read_settings.ts";
import { FRAME_MS, FRAME_SAMPLES } from "../../media/frame.ts";
import type { MediaHandlers, MediaListener, MediaTransport } from "../../media/transport.ts";
import { readWav } from "../../testing/wav.ts";
import { newCallRecord } from "../call_record.ts";
import type { FromCall } from "../messages.ts";
import { Call } from "./call.ts";
import {
  asrOf,
  Line,
  prompts,
  ScriptedAgent,
  settle,
  voiceOf,
} from "./conversation/conversation_rig.ts";

/** An open call on a line that plays when the test says so. */
async function opened(recordingPath?: string) {
  const sent: FromCall[] = [];
  const log: string[] = [];
  const state = { said: "", failAsr: false, failTts: () => false };
  const line = new Line((markId) => handlers.onMark(markId));
  let handlers!: MediaHandlers;
  const transport: MediaTransport = {
    kind: "websocket",
    out: line,
    stats: {},
    open: (given) => {
      handlers = given;
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => {
      log.push("line closed");
      return Promise.resolve();
    },
  };
  const listener: MediaListener = {
    offer: { kind: "websocket" },
    transport: () => transport,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  let windows = 0;
  const call = await Call.open({
    assignment: {
      callId: "c1",
      media: { kind: "websocket" },
      record: newCallRecord({ id: "c1", channelId: "ch", caller: "", startedAt: Date.now() }),
      resumed: false,
      callerWasSpeaking: false,
      prompts,
      recordingPath,
    },
    settings: settingsWith({ ASTERISK_LANG: "en" }),
    agent: new ScriptedAgent(),
    speech: {
      vad: { probability: () => Promise.resolve(0 * windows++), look: () => {} },
      asr: asrOf(state),
      tts: voiceOf(state, [], false),
    },
    prepared: new Map(),
    pressed: () => false,
    listener,
    address: Promise.resolve({ kind: "websocket", url: "ws://pbx/media/1" }),
    send: (message) => {
      sent.push(message);
      if (message.kind === "count") log.push(message.what);
    },
  });
  return {
    call,
    handlers,
    line,
    log,
    kinds: () =>
      sent.map((message) => message.kind === "event" ? message.event.kind : message.kind),
    /** How much of the caller's audio went through voice detection. */
    get detectedMs() {
      return windows * 32;
    },
    /** The caller's phone sends so much audio. */
    receive: async (ms: number) => {
      for (let i = 0; i < ms / FRAME_MS; i++) {
        handlers.onFrame(new Int16Array(FRAME_SAMPLES).fill(7));
      }
      await settle();
    },
  };
}

Deno.test("a caller is greeted once the call begins, not before", async () => {
  const { call, kinds, line, log } = await opened();
  await settle();
  assert.deepEqual(kinds(), [], "caller and media are not joined yet");
  call.onMessage({ kind: "begin" });
  await settle();
  line.play();
  assert.ok(kinds().includes("phrase_heard"));
  await call[Symbol.asyncDispose]();
  assert.deepEqual(log, ["line closed"]);
});

Deno.test("the caller's audio from before the call begins is never recognised", async () => {
  const opening = await opened();
  await opening.receive(640);
  assert.equal(opening.detectedMs, 0);
  opening.call.onMessage({ kind: "begin" });
  await opening.receive(640);
  assert.equal(opening.detectedMs, 640);
  await opening.call[Symbol.asyncDispose]();
});

Deno.test("what the service asks for is said: last words, and then `said`", async () => {
  const { call, kinds, line } = await opened();
  call.onMessage({ kind: "begin" });
  call.onMessage({ kind: "say_last", prompt: "farewell" });
  await settle();
  line.play();
  assert.equal(kinds().at(-1), "said");
  await call[Symbol.asyncDispose]();
});

Deno.test("a recording is whole when the call has ended", async () => {
  const path = await Deno.makeTempFile({ suffix: ".wav" });
  try {
    await Deno.remove(path);
    const { call, receive } = await opened(path);
    call.onMessage({ kind: "begin" });
    await receive(400);
    await call[Symbol.asyncDispose]();
    const { channels, sampleRateHz } = readWav(await Deno.readFile(path));
    const caller = channels[0]!.filter((sample) => sample === 7);
    assert.equal(caller.length, sampleRateHz * 0.4);
  } finally {
    await Deno.remove(path).catch(() => {});
  }
});

Deno.test("when the disk fills the recording ends, and the call goes on", async () => {
  const path = await Deno.makeTempFile({ suffix: ".wav" });
  try {
    await Deno.remove(path);
    const opening = await opened(path);
    opening.call.onMessage({ kind: "begin" });
    await opening.receive(400);
    opening.call.onMessage({ kind: "stop_recording" });
    await opening.receive(640);
    assert.equal(opening.detectedMs, 1024, "the caller is heard on");
    await opening.call[Symbol.asyncDispose]();
    const { channels, sampleRateHz } = readWav(await Deno.readFile(path));
    assert.equal(channels[0]!.filter((sample) => sample === 7).length, sampleRateHz * 0.4);
  } finally {
    await Deno.remove(path).catch(() => {});
  }
});

Deno.test("a call whose recording cannot be written is still a call", async () => {
  const file = await Deno.makeTempFile();
  try {
    const { call, kinds, line, log } = await opened(`${file}/recording.wav`);
    assert.deepEqual(log, ["recording_failed"]);
    call.onMessage({ kind: "begin" });
    await settle();
    line.play();
    assert.ok(kinds().includes("phrase_heard"), "the caller is greeted");
    await call[Symbol.asyncDispose]();
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("media lost in mid-call crashes the isolate; a line that closes after the call does not", async () => {
  const crashes: unknown[] = [];
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    crashes.push(event.error);
  };
  globalThis.addEventListener("error", onError);
  try {
    const { call, handlers } = await opened();
    await call[Symbol.asyncDispose]();
    handlers.onClose("hangup", "1000");
    await settle();
    assert.deepEqual(crashes, []);

    const lost = await opened();
    lost.handlers.onClose("lost", "1006 connection reset");
    await settle();
    assert.match(String(crashes[0]), /media connection lost: 1006 connection reset/);
    await lost.call[Symbol.asyncDispose]();
  } finally {
    globalThis.removeEventListener("error", onError);
  }
});
