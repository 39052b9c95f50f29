/**
 * The kit for scenarios of your own: a simulated PBX, callers on it, and an ear for what they hear.
 * docs/testing.md shows how to put the service on such a PBX.
 *
 * @example A caller on a simulated PBX hears what an application plays
 * ```ts
 * import assert from "node:assert/strict";
 * import { FRAME_SAMPLES } from "../media/frame.ts";
 * import { startSimulator, TestClient, untilSpokenTo } from "./mod.ts";
 *
 * const hello = new Int16Array(FRAME_SAMPLES * 5).fill(9000);
 * await using pbx = await startSimulator({ sounds: { hello } });
 * await using client = new TestClient(pbx);
 * const events = await client.events(); // The application is there: calls are led to it.
 *
 * await using caller = await pbx.call({ callerNumber: "5550123" });
 * await caller.answered;
 * const { channel } = await events.first("StasisStart");
 * await client.ari("POST", `/channels/${channel.id}/play?media=sound:hello`);
 * await untilSpokenTo(caller.heard, 0, { quietMs: -Infinity });
 *
 * await caller.hangUp();
 * assert.deepEqual(await pbx.leftovers(), { channels: [], bridges: [], recordings: [] });
 * ```
 *
 * @module
 */

export type { HeardFrame, Leftovers, PbxEnv, TestCaller, TestPbx } from "./caller.ts";
export {
  firstSoundAfter,
  frameGaps,
  heardBetween,
  isAudible,
  lastSound,
  sounds,
  untilSpokenTo,
} from "./ear.ts";
export type { SoundSpan } from "./ear.ts";
export { eventually, holdsWithin } from "./eventually.ts";
export { ManualTime } from "./manual_time.ts";
export { percentile } from "./percentile.ts";
export { CallOverError, startSimulator } from "./simulator/mod.ts";
export type {
  AnsweredRequest,
  ChannelView,
  LineOptions,
  SimulatedCaller,
  SimulatedCallOptions,
  Simulator,
  SimulatorOptions,
} from "./simulator/mod.ts";
export { TestClient } from "./test_client.ts";
export { readWav, toMono } from "./wav.ts";
export type { Wav } from "./wav.ts";
export { wordErrorRate, wordErrors } from "./word_error_rate.ts";
export type { WordErrors } from "./word_error_rate.ts";
