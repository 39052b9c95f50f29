// A caller that tests and the demo steer: the simulator's and the real SIP one look the same,
// so that one scenario runs on both.

import type { Pcm } from "../media/frame.ts";

/** One frame that reached the caller's ear. */
export interface HeardFrame {
  /** `performance.now()` when it arrived. */
  readonly at: number;
  /** 16 kHz mono; 20 ms. */
  readonly pcm: Pcm;
}

/** A caller on the line. */
export interface TestCaller extends AsyncDisposable {
  /** Resolves when the PBX has answered the call. */
  readonly answered: Promise<void>;
  /** Resolves with the reason when the call is over, whoever ended it. */
  readonly ended: Promise<string>;
  /** Everything heard so far, in order of arrival. */
  readonly heard: readonly HeardFrame[];

  /**
   * Speaks 16 kHz mono audio in real time, a frame every 20 ms, from now on; silence is sent before
   * and after. Resolves once the last frame has left.
   *
   * @returns when (`performance.now()`) the first and the last frame left.
   */
  say(pcm: Pcm): Promise<{ readonly startedAt: number; readonly endedAt: number }>;
  /** Presses a key (0-9, *, #, A-D). */
  press(digit: string): Promise<void>;
  /** Stops (or starts again) sending any audio, as a muted SIP phone with silence suppression does. */
  mute(muted: boolean): void;
  /** Ends the call from the caller's side. */
  hangUp(): Promise<void>;
}

/** A PBX that tests can place calls on: the simulator or a real Asterisk. */
export interface TestPbx extends AsyncDisposable {
  readonly kind: "simulator" | "asterisk";
  /** Settings (ARI_…) the service needs to work with this PBX. */
  readonly env: Readonly<Record<string, string>>;
  /** Places a call; `callerNumber` is what the PBX shows as caller id. */
  call(options?: { callerNumber?: string; extension?: string }): Promise<TestCaller>;
  /** Ids of channels and bridges now alive on the PBX: both empty when nothing is left behind. */
  leftovers(): Promise<
    { readonly channels: readonly string[]; readonly bridges: readonly string[] }
  >;
}
