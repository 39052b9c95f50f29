// Test callers and test PBXs. The simulated ones and the real ones (SIP phones on an Asterisk) have
// the same interface, so that one scenario runs on both.

import type { Settings } from "../config/settings.ts";
import type { Pcm } from "../media/frame.ts";

/** One frame that reached the caller's ear. */
export interface HeardFrame {
  /** Time of arrival, as of `performance.now()`. */
  readonly at: number;
  /** 20 ms of 16 kHz mono. */
  readonly pcm: Pcm;
}

/** A caller on the line. */
export interface TestCaller extends AsyncDisposable {
  /** Resolves when the PBX answers the call. Rejects when the call ends before that. */
  readonly answered: Promise<void>;
  /** Resolves with the reason when the call ends, whoever ends it. */
  readonly ended: Promise<string>;
  /** All frames heard so far, in order of arrival. */
  readonly heard: readonly HeardFrame[];

  /**
   * Speaks 16 kHz mono audio in real time, a frame every 20 ms, after whatever is still being said.
   * Silence is sent before and after.
   *
   * @returns once the last frame has left: when the first and the last one did, as of
   *   `performance.now()`.
   * @throws when the call ends first.
   */
  say(pcm: Pcm): Promise<{ readonly startedAt: number; readonly endedAt: number }>;
  /** Presses a key (0-9, *, #, A-D). */
  press(digit: string): Promise<void>;
  /** Stops or resumes sending audio, like a muted SIP phone with silence suppression. */
  mute(muted: boolean): void;
  /** Hangs up. */
  hangUp(): Promise<void>;
}

/** The settings that tell the service where a PBX is. */
export type PbxEnv = Readonly<
  Pick<
    Settings,
    "ARI_HTTP_URL" | "ARI_USER" | "ARI_PASSWORD" | "ARI_APP_NAME" | "ARI_FALLBACK_CONTEXT"
  >
>;

/** A PBX that tests can call: the simulator or a real Asterisk. */
export interface TestPbx extends AsyncDisposable {
  readonly kind: "simulator" | "asterisk";
  /** The settings by which the service connects to this PBX, as settings or as environment. */
  readonly env: PbxEnv;
  /** Places a call; `callerNumber` is the caller id that the PBX shows. */
  call(options?: { callerNumber?: string; extension?: string }): Promise<TestCaller>;
  /** What exists on the PBX now: nothing when no call has left anything behind. */
  leftovers(): Promise<Leftovers>;
}

/** Ids of channels and bridges, and names of the files of recordings, on a PBX. */
export interface Leftovers {
  readonly channels: readonly string[];
  readonly bridges: readonly string[];
  readonly recordings: readonly string[];
}
