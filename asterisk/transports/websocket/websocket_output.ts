// The bot's voice on its way to chan_websocket, which plays a frame every 20 ms from a queue of its
// own: fills that queue ahead of time and tracks what of it has been heard.

import { logger } from "../../../config/logging.ts";
import type { AudioOutput } from "../../../media/audio_output.ts";
import {
  durationMs,
  FRAME_BYTES,
  FRAME_MS,
  FRAME_SAMPLES,
  type Pcm,
} from "../../../media/frame.ts";
import type { Counters } from "../../../media/line_stats.ts";
import { SYSTEM_TIME, type TimeSource } from "../../../media/playout/frame_clock.ts";
import { FrameCutter } from "../frame_cutter.ts";
import { type ControlCommand, type ControlEvent, LONGEST_MARK_ID } from "./control_message.ts";
import { Playhead } from "./playhead.ts";

const log = logger("media");

/** Most audio given to Asterisk ahead of time. Its queue holds 1000 frames and sends XOFF at 900. */
const WINDOW_MS = 15_000;
const WINDOW_BYTES = WINDOW_MS / FRAME_MS * FRAME_BYTES;
/** How often a full window is checked again. */
const WINDOW_POLL_MS = 500;
/** chan_websocket's QUEUE_LENGTH_XOFF_LEVEL and QUEUE_LENGTH_XON_LEVEL, as audio. */
const XOFF_MS = 900 * FRAME_MS;
const XON_MS = 800 * FRAME_MS;
/** A flush is acknowledged within one tick of 20 ms; a PBX that takes this long is in trouble. */
const FLUSH_DEADLINE_MS = 1000;
/** An idle Asterisk sends the caller nothing: a silent frame this often keeps the leg alive. */
const KEEPALIVE_MS = 1000;
const SILENCE: Pcm = new Int16Array(FRAME_SAMPLES);
/** The only text of an ERROR in chan_websocket.c of 22.10.1. No other reaches the log: it is free text. */
const KNOWN_ERROR = "Unable to parse JSON command";

/** The connection as the output needs it. */
export interface Wire {
  sendFrame(frame: Pcm): void;
  sendCommand(command: ControlCommand): void;
  /** Bytes the network has not taken yet. */
  readonly unsentBytes: number;
}

/** What the PBX reports about playout. */
export type PlayoutEvent = Exclude<ControlEvent, { event: "MEDIA_START" }>;

/** A frame or a mark waiting to be sent. */
type Outgoing = { readonly frame: Pcm } | { readonly markId: string };

/** What the output counts. */
export type OutputStats = Counters<"framesSent" | "queueFull" | "flushesUnacknowledged">;

/** Options of a `WebsocketOutput`. */
export interface WebsocketOutputOptions {
  onMark(markId: string): void;
  /** The error for a flush that is not acknowledged; `problem` begins with a verb. */
  failure(problem: string): Error;
  readonly time?: TimeSource;
}

/**
 * Sends as much as Asterisk has room for and keeps the rest. A mark that was played before a flush
 * reached the PBX is still reported while that flush is under way.
 */
export class WebsocketOutput implements AudioOutput {
  readonly stats: OutputStats = { framesSent: 0, queueFull: 0, flushesUnacknowledged: 0 };
  readonly #options: WebsocketOutputOptions;
  readonly #time: TimeSource;
  readonly #playhead: Playhead;
  readonly #cutter = new FrameCutter();
  /** Set between `start` and `close`. */
  #wire: Wire | undefined;
  #outbox: Outgoing[] = [];
  /** The marks sent and not reported yet, by id, with their positions (see `Playhead.position`). */
  readonly #marks = new Map<string, number>();
  #paused = false;
  /** Asterisk has sent XOFF, and no XON since. */
  #xoff = false;
  #flushing: PromiseWithResolvers<void> | undefined;
  #cancelFlushDeadline = () => {};
  #cancelWindowPoll = () => {};
  #cancelKeepAlive = () => {};

  constructor(options: WebsocketOutputOptions) {
    this.#options = options;
    this.#time = options.time ?? SYSTEM_TIME;
    this.#playhead = new Playhead(() => this.#time.now());
  }

  get bufferedMs(): number {
    const waiting = this.#outbox.filter((item) => "frame" in item).length * FRAME_MS;
    return this.#playhead.remainingMs + waiting + durationMs(this.#cutter.pendingSamples);
  }

  send(pcm: Pcm): void {
    for (const frame of this.#cutter.push(pcm)) this.#outbox.push({ frame });
    this.#pump();
  }

  /** @throws {RangeError} when the id does not fit into a message to the PBX. */
  endOfPhrase(markId: string): void {
    if (markId.length > LONGEST_MARK_ID) {
      throw new RangeError(`a mark's id has at most ${LONGEST_MARK_ID} characters: ${markId}`);
    }
    const tail = this.#cutter.pad();
    if (tail) this.#outbox.push({ frame: tail });
    this.#outbox.push({ markId });
    this.#pump();
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#playhead.pause();
    // During a flush the pause waits: a paused queue never reports that it has drained.
    if (!this.#flushing) this.#wire?.sendCommand({ command: "PAUSE_MEDIA" });
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#playhead.resume();
    if (!this.#flushing) this.#wire?.sendCommand({ command: "CONTINUE_MEDIA" });
    this.#pump();
  }

  /** @throws the `failure` of the options when the PBX does not acknowledge in time. */
  flush(): Promise<void> {
    const wasPaused = this.#paused;
    this.#dropQueued();
    if (this.#flushing) return this.#flushing.promise;
    if (!this.#wire) return Promise.resolve();
    this.#wire.sendCommand({ command: "FLUSH_MEDIA" });
    if (wasPaused) this.#wire.sendCommand({ command: "CONTINUE_MEDIA" });
    this.#wire.sendCommand({ command: "REPORT_QUEUE_DRAINED" });
    const { promise, reject } = this.#flushing = Promise.withResolvers<void>();
    this.#cancelFlushDeadline = this.#time.after(FLUSH_DEADLINE_MS, () => {
      this.stats.flushesUnacknowledged++;
      reject(this.#options.failure(`did not acknowledge a flush within ${FLUSH_DEADLINE_MS} ms`));
      this.#flushEnded();
    });
    return promise;
  }

  /** The PBX accepts audio from now on. */
  start(wire: Wire): void {
    this.#wire = wire;
    if (this.#paused) wire.sendCommand({ command: "PAUSE_MEDIA" });
    this.#pump();
    this.#keepAlive();
  }

  /** The connection has ended: nothing more can be heard, so a flush under way is done. */
  close(): void {
    this.#wire = undefined;
    this.#cancelWindowPoll();
    this.#cancelKeepAlive();
    this.#flushing?.resolve();
    this.#flushEnded();
    this.#dropQueued();
  }

  onControl(event: PlayoutEvent): void {
    switch (event.event) {
      case "MEDIA_MARK_PROCESSED":
        return this.#onMark(event.correlation_id);
      case "MEDIA_XOFF":
        this.#xoff = true;
        this.stats.queueFull++;
        return this.#playhead.remainsMs(Math.max(XOFF_MS, this.#playhead.remainingMs));
      case "MEDIA_XON":
        this.#xoff = false;
        this.#playhead.remainsMs(Math.min(XON_MS, this.#playhead.remainingMs));
        return this.#pump();
      case "QUEUE_DRAINED":
        this.#flushing?.resolve();
        return this.#flushEnded();
      case "ERROR":
        return log.warn("the PBX refused a control message", {
          text: event.error_text === KNOWN_ERROR ? KNOWN_ERROR : "see the PBX's log",
        });
    }
  }

  #onMark(markId: string): void {
    const position = this.#marks.get(markId);
    if (position === undefined) return;
    this.#marks.delete(markId);
    if (!this.#flushing) this.#playhead.played(position);
    this.#options.onMark(markId);
    this.#pump();
  }

  /** Forgets what is queued here and at the PBX, and any pause. */
  #dropQueued(): void {
    this.#outbox = [];
    this.#cutter.clear();
    this.#paused = false;
    this.#playhead.resume();
    this.#playhead.remainsMs(0);
  }

  #flushEnded(): void {
    if (!this.#flushing) return;
    this.#cancelFlushDeadline();
    this.#flushing = undefined;
    this.#marks.clear();
    if (this.#paused) this.#wire?.sendCommand({ command: "PAUSE_MEDIA" });
    this.#pump();
  }

  /** Sends the outbox, in order, as long as Asterisk has room and no flush is under way. */
  #pump(): void {
    this.#cancelWindowPoll();
    if (!this.#wire || this.#xoff || this.#flushing) return;
    let sent = 0;
    for (const item of this.#outbox) {
      if (this.#windowFull(this.#wire)) {
        // A paused queue makes no room; `resume` pumps again.
        if (!this.#paused) {
          this.#cancelWindowPoll = this.#time.after(WINDOW_POLL_MS, () => this.#pump());
        }
        break;
      }
      this.#sendItem(this.#wire, item);
      if ("frame" in item) this.stats.framesSent++;
      sent++;
    }
    this.#outbox.splice(0, sent);
  }

  #windowFull({ unsentBytes }: Wire): boolean {
    return this.#playhead.remainingMs >= WINDOW_MS || unsentBytes >= WINDOW_BYTES;
  }

  #sendItem(wire: Wire, item: Outgoing): void {
    if ("frame" in item) {
      this.#playhead.give();
      return wire.sendFrame(item.frame);
    }
    this.#marks.set(item.markId, this.#playhead.position);
    wire.sendCommand({ command: "MARK_MEDIA", correlation_id: item.markId });
  }

  /** Many phones and trunks drop a leg without RTP. */
  #keepAlive(): void {
    this.#cancelKeepAlive = this.#time.after(KEEPALIVE_MS, () => {
      const idle = this.#outbox.length === 0 && this.#playhead.remainingMs === 0;
      if (this.#wire && idle && !this.#paused && !this.#flushing && !this.#xoff) {
        this.#sendItem(this.#wire, { frame: SILENCE });
      }
      this.#keepAlive();
    });
  }
}
