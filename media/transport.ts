// The one interface behind which every way of carrying a call's audio stands. What differs
// between transports is who owns the playout clock: Asterisk, or we.

import type { Pcm } from "./frame.ts";

/** What a transport tells the call that owns it. Handlers must not throw. */
export interface MediaHandlers {
  /** The caller's audio: one frame (20 ms, 16 kHz), in order. None come while the far end sends none. */
  onFrame(frame: Pcm): void;
  /** Everything sent before this mark has been played out to the caller. */
  onMark(markId: string): void;
  /** A key the caller pressed: 0-9, *, #, A-D. */
  onDtmf(digit: string): void;
  /** The transport has ended, and no other handler will be called. "hangup": the far end closed it in order. */
  onClose(reason: "hangup" | "lost", detail: string): void;
}

/** A call's audio path, from connect to close. */
export interface MediaTransport extends AsyncDisposable {
  readonly kind: "websocket" | "audiosocket" | "rtp" | "files";

  /**
   * Connects and starts delivering to `handlers`. Called once.
   *
   * @throws when the PBX does not take the connection before `signal` aborts.
   */
  open(handlers: MediaHandlers, signal: AbortSignal): Promise<void>;

  /**
   * Queues audio to be heard after all that was queued before. Any length, 16 kHz; the transport
   * cuts it into frames and pads the tail when `endOfPhrase` is called.
   */
  send(pcm: Pcm): void;

  /** Pads a tail shorter than a frame with silence, then queues a mark (see `MediaHandlers.onMark`). */
  endOfPhrase(markId: string): void;

  /** How much queued audio is not yet played out, in milliseconds (an estimate where Asterisk owns the clock). */
  readonly bufferedMs: number;

  /** Stops playout where it is, within a frame; queued audio and marks are kept. */
  pause(): void;

  /** Goes on where `pause` stopped. */
  resume(): void;

  /** Drops all queued audio and marks; resolves when nothing of it can be heard any more. Ends a pause. */
  flush(): Promise<void>;
}

/**
 * Where a call isolate finds its media: made by the service (which holds the ARI credentials),
 * used by the isolate (which holds none). Plain data.
 */
export type MediaAddress = { readonly kind: "websocket"; readonly url: string };
