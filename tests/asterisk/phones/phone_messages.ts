// The messages between a test and the worker of its phones. Times are milliseconds since the epoch
// with fractions: `performance.timeOrigin + performance.now()` of the sender.

import type { G711Law } from "../../../media/codec/g711.ts";

/** Commands to the worker. The sender chooses `phone`, a phone's id. */
export type PhoneCommand =
  | { readonly kind: "open"; readonly phone: number; readonly codec: G711Law }
  | { readonly kind: "connect"; readonly phone: number; readonly port: number }
  /** Audio to say, in the phone's codec; `id` comes back in `done`. */
  | {
    readonly kind: "say";
    readonly phone: number;
    readonly id: number;
    readonly audio: Uint8Array<ArrayBuffer>;
  }
  | {
    readonly kind: "press";
    readonly phone: number;
    readonly id: number;
    readonly digit: string;
  }
  | { readonly kind: "mute"; readonly phone: number; readonly muted: boolean }
  | { readonly kind: "close"; readonly phone: number };

/** Reports from the worker. */
export type PhoneReport =
  /** The worker runs, in this kernel thread. */
  | { readonly kind: "ready"; readonly thread: number }
  /** The phone has its socket: packets for it go to this port. */
  | { readonly kind: "opened"; readonly phone: number; readonly port: number }
  /** A packet's audio in the phone's codec, and its time of arrival. */
  | {
    readonly kind: "heard";
    readonly phone: number;
    readonly at: number;
    readonly audio: Uint8Array<ArrayBuffer>;
  }
  /** Nothing has arrived for a while: the last audio is complete. */
  | { readonly kind: "quiet"; readonly phone: number }
  /** A `say` or `press` is done: when its first and its last packet left. */
  | {
    readonly kind: "done";
    readonly phone: number;
    readonly id: number;
    readonly startedAt: number;
    readonly endedAt: number;
  }
  | { readonly kind: "closed"; readonly phone: number };
