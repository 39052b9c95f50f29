// The playout queue of one chan_websocket channel, by the rules of Asterisk's
// channels/chan_websocket.c, tried on 22.10.1. It knows neither sockets nor time: `next` is called
// once every 20 ms.

import { concatBytes } from "../../../runtime/bytes.ts";

/** Frames above which binary messages are ignored; the check is a message's, not a frame's. */
export const QUEUE_MAX = 1000;
/** At this length the sender is told to stop. */
export const XOFF_LEVEL = 900;
/** Below this length it is told to go on. */
export const XON_LEVEL = 800;

/** What the queue tells the client, besides audio. */
export type QueueNotice = "MEDIA_XOFF" | "MEDIA_XON" | "QUEUE_DRAINED";

/** What `STATUS` tells of a queue. */
export interface QueueStatus {
  readonly queue_length: number;
  readonly queue_full: boolean;
  readonly bulk_media: boolean;
  readonly media_paused: boolean;
}

type Entry = { readonly frame: Uint8Array } | { readonly event: string };

/** Audio and marks waiting for their 20 ms. */
export class PlayoutQueue {
  readonly #frameBytes: number;
  readonly #notify: (notice: QueueNotice) => void;
  #entries: Entry[] = [];
  #frames = 0;
  #full = false;
  #paused = false;
  #buffering = false;
  #reportDrained = false;
  #leftover: Uint8Array = new Uint8Array(0);

  /**
   * @param frameBytes bytes of 20 ms in the channel's format.
   * @param notify called with each notice as it becomes due.
   */
  constructor(frameBytes: number, notify: (notice: QueueNotice) => void) {
    this.#frameBytes = frameBytes;
    this.#notify = notify;
  }

  get status(): QueueStatus {
    return {
      queue_length: this.#frames,
      queue_full: this.#full,
      bulk_media: this.#buffering,
      media_paused: this.#paused,
    };
  }

  /** Takes one binary message. What is shorter than a frame is lost, unless buffering is on. */
  push(message: Uint8Array): void {
    if (this.#frames >= QUEUE_MAX) return;
    const bytes = this.#buffering ? concatBytes([this.#leftover, message]) : message;
    const whole = bytes.length - bytes.length % this.#frameBytes;
    for (let at = 0; at < whole; at += this.#frameBytes) {
      this.#enqueue(bytes.slice(at, at + this.#frameBytes));
    }
    this.#leftover = this.#buffering ? bytes.slice(whole) : new Uint8Array(0);
  }

  /** Queues an event to be handed out once everything before it has been. */
  pushEvent(event: string): void {
    this.#entries.push({ event });
  }

  startBuffering(): void {
    this.#buffering = true;
  }

  /** Ends buffering: a tail is padded with silence and queued. */
  stopBuffering(): void {
    this.#buffering = false;
    const tail = this.#leftover;
    this.#leftover = new Uint8Array(0);
    if (tail.length > 0) {
      const padded = new Uint8Array(this.#frameBytes);
      padded.set(tail);
      this.#enqueue(padded);
    }
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  /** Drops all: audio, marks, buffering. A pause stays; `queue_full` is cleared by the next `next`. */
  flush(): void {
    this.#entries = [];
    this.#frames = 0;
    this.#buffering = false;
    this.#leftover = new Uint8Array(0);
  }

  /** Asks for one `QUEUE_DRAINED`, due when `next` first finds nothing at all. */
  reportDrained(): void {
    this.#reportDrained = true;
  }

  /** The next 20 ms of audio, or undefined for silence; events that stand before it go to `deliver`. */
  next(deliver: (event: string) => void): Uint8Array | undefined {
    if (this.#paused) return undefined;
    if (this.#full && this.#frames < XON_LEVEL) {
      this.#full = false;
      this.#notify("MEDIA_XON");
    }
    if (this.#entries.length === 0 && this.#reportDrained) {
      this.#reportDrained = false;
      this.#notify("QUEUE_DRAINED");
    }
    for (let entry = this.#entries.shift(); entry; entry = this.#entries.shift()) {
      if ("frame" in entry) {
        this.#frames--;
        return entry.frame;
      }
      deliver(entry.event);
    }
    return undefined;
  }

  #enqueue(frame: Uint8Array): void {
    this.#entries.push({ frame });
    this.#frames++;
    if (!this.#full && this.#frames >= XOFF_LEVEL) {
      this.#full = true;
      this.#notify("MEDIA_XOFF");
    }
  }
}
