// The playout queue of a chan_websocket channel, by the rules of Asterisk's
// channels/chan_websocket.c, tried on 22.10.1. It knows neither sockets nor time: its owner calls
// `next` once every 20 ms.

import { concatBytes } from "../../../runtime/bytes.ts";

/**
 * With this many frames queued, a binary message is ignored whole: the check is per message, not
 * per frame.
 */
export const QUEUE_MAX = 1000;
/** Queue length at which the client is asked to stop. */
export const XOFF_LEVEL = 900;
/** Queue length below which the client is asked to continue. */
export const XON_LEVEL = 800;

/** Notices to the client. */
export type QueueNotice = "MEDIA_XOFF" | "MEDIA_XON" | "QUEUE_DRAINED";

/** The queue's part of a `STATUS` message. */
export interface QueueStatus {
  readonly queue_length: number;
  readonly queue_full: boolean;
  readonly bulk_media: boolean;
  readonly media_paused: boolean;
}

type Entry = { readonly frame: Uint8Array } | { readonly event: string };

/** Queued audio, with marks and other events between its frames. */
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
   * @param notify gets each notice when it is due.
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

  /** Queues a binary message. Outside buffering mode, a tail shorter than a frame is lost. */
  push(message: Uint8Array): void {
    if (this.#frames >= QUEUE_MAX) return;
    const bytes = this.#buffering ? concatBytes([this.#leftover, message]) : message;
    const whole = bytes.length - bytes.length % this.#frameBytes;
    for (let at = 0; at < whole; at += this.#frameBytes) {
      this.#enqueue(bytes.slice(at, at + this.#frameBytes));
    }
    this.#leftover = this.#buffering ? bytes.slice(whole) : new Uint8Array(0);
  }

  /** Queues an event, to be delivered after everything before it. */
  pushEvent(event: string): void {
    this.#entries.push({ event });
  }

  startBuffering(): void {
    this.#buffering = true;
  }

  /** Ends buffering mode: a tail is padded with silence and queued. */
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

  /** Drops audio, marks and buffering mode. A pause stays; the next `next` clears `queue_full`. */
  flush(): void {
    this.#entries = [];
    this.#frames = 0;
    this.#buffering = false;
    this.#leftover = new Uint8Array(0);
  }

  /** Asks for one `QUEUE_DRAINED`, due when `next` first finds the queue empty. */
  reportDrained(): void {
    this.#reportDrained = true;
  }

  /** The next 20 ms of audio, or undefined for silence; `deliver` gets the events before it. */
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
