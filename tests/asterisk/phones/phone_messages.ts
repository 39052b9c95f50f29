// What a test and its telephones' worker say to each other. Moments are milliseconds since the
// epoch, fractions included: `performance.timeOrigin + performance.now()` of whoever noted them.

import type { G711Law } from "../../../media/codec/g711.ts";

/** Commands to the worker. `phone` names one telephone, chosen by the sender. */
export type PhoneCommand =
  | { readonly kind: "open"; readonly phone: number; readonly codec: G711Law }
  | { readonly kind: "connect"; readonly phone: number; readonly port: number }
  /** Audio to say, in the telephone's codec; `id` comes back in `done`. */
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
  /** The worker runs, in this thread of the kernel's. */
  | { readonly kind: "ready"; readonly thread: number }
  /** The telephone has its socket: packets for it go to this port. */
  | { readonly kind: "opened"; readonly phone: number; readonly port: number }
  /** A packet's audio, in the telephone's codec, and when it arrived. */
  | {
    readonly kind: "heard";
    readonly phone: number;
    readonly at: number;
    readonly audio: Uint8Array<ArrayBuffer>;
  }
  /** Nothing has arrived for a while: what was heard last is complete. */
  | { readonly kind: "quiet"; readonly phone: number }
  /** A `say` or `press` is out: when its first and its last packet left. */
  | {
    readonly kind: "done";
    readonly phone: number;
    readonly id: number;
    readonly startedAt: number;
    readonly endedAt: number;
  }
  | { readonly kind: "closed"; readonly phone: number };
