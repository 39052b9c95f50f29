// A call's audio over Asterisk's chan_websocket: slin16 frames both ways, JSON control messages.
// Asterisk owns the playout clock: it queues what it is sent and plays a frame every 20 ms.

import { logger } from "../../../config/logging.ts";
import {
  durationMs,
  FRAME_BYTES,
  FRAME_MS,
  FRAME_SAMPLES,
  type Pcm,
} from "../../../media/frame.ts";
import { SYSTEM_TIME, type TimeSource } from "../../../media/playout/frame_clock.ts";
import type { MediaHandlers, MediaTransport } from "../../../media/transport.ts";
import type { ControlCommand, ControlEvent } from "./control_message.ts";
import { TransportError } from "../error.ts";
import { FrameCutter } from "../frame_cutter.ts";
import { MediaSocket } from "./media_socket.ts";
import { Playhead } from "./playhead.ts";

const log = logger("media");

/** Most audio given to Asterisk ahead of time. Its queue holds 1000 frames and asks for a stop at 900. */
const WINDOW_MS = 15_000;
const WINDOW_BYTES = WINDOW_MS / FRAME_MS * FRAME_BYTES;
/** How often a full window is looked at again, in ms. */
const WINDOW_POLL_MS = 500;
/** chan_websocket's QUEUE_LENGTH_XOFF_LEVEL and QUEUE_LENGTH_XON_LEVEL, as audio. */
const XOFF_MS = 900 * FRAME_MS;
const XON_MS = 800 * FRAME_MS;
/** A flush is acknowledged within one tick of 20 ms; a PBX that takes this long is in trouble. */
const FLUSH_DEADLINE_MS = 1000;
/** While nothing is said Asterisk sends the caller nothing: a silent frame this often keeps the leg alive. */
const KEEPALIVE_MS = 1000;
const SILENCE: Pcm = new Int16Array(FRAME_SAMPLES);

/** A frame, or a mark, that waits to be sent. */
type Outgoing = { readonly frame: Pcm } | { readonly markId: string };

interface Mark {
  readonly markId: string;
  /** See `Playhead.position`. */
  readonly position: number;
}

/**
 * The audio of one external media channel. A mark that was played out before a flush reached the
 * PBX is still reported while that flush is under way. `onClose` tells of the far end's close, not
 * of our own dispose.
 */
export class WebsocketTransport implements MediaTransport {
  readonly kind = "websocket";
  readonly #url: string;
  readonly #time: TimeSource;
  readonly #playhead = new Playhead();
  readonly #incoming = new FrameCutter();
  readonly #outgoing = new FrameCutter();
  readonly #started = Promise.withResolvers<void>();
  #phase: "new" | "connecting" | "open" | "closed" = "new";
  #socket: MediaSocket | undefined;
  #handlers: MediaHandlers | undefined;
  #outbox: Outgoing[] = [];
  /** Marks sent and not reported yet, by correlation id: ours, and short whatever the mark is called. */
  readonly #marks = new Map<string, Mark>();
  #marksSent = 0;
  #paused = false;
  /** Asterisk said XOFF, and not XON since. */
  #xoff = false;
  #flushing: PromiseWithResolvers<void> | undefined;
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  #windowTimer: ReturnType<typeof setTimeout> | undefined;
  #cancelKeepAlive = () => {};

  /** @param url the media address of an external media channel, such as `ws://127.0.0.1:8088/media/<id>`. */
  constructor(url: string, time: TimeSource = SYSTEM_TIME) {
    this.#url = url;
    this.#time = time;
  }

  get bufferedMs(): number {
    const waiting = this.#outbox.filter((item) => "frame" in item).length * FRAME_MS;
    return this.#playhead.remainingMs + waiting + durationMs(this.#outgoing.pendingSamples);
  }

  /**
   * Resolves once the PBX has announced slin16 audio.
   *
   * @throws {TransportError}
   */
  async open(handlers: MediaHandlers, signal: AbortSignal): Promise<void> {
    if (this.#phase !== "new") throw new TransportError("a media transport is opened only once");
    signal.throwIfAborted();
    this.#phase = "connecting";
    this.#handlers = handlers;
    const { promise: started, reject } = this.#started;
    const tooLate = () => reject(this.#error("did not take the audio in time", signal.reason));
    signal.addEventListener("abort", tooLate, { once: true });
    this.#socket = new MediaSocket(this.#url, {
      onControl: (event) => this.#onControl(event),
      onAudio: (pcm) => this.#onAudio(pcm),
      onClose: (code, detail) => {
        reject(this.#error(`refused the audio: ${detail}`));
        this.#onClose(code === 1000 ? "hangup" : "lost", detail);
      },
    });
    try {
      await started;
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    } finally {
      signal.removeEventListener("abort", tooLate);
    }
  }

  send(pcm: Pcm): void {
    for (const frame of this.#outgoing.push(pcm)) this.#outbox.push({ frame });
    this.#pump();
  }

  endOfPhrase(markId: string): void {
    const tail = this.#outgoing.pad();
    if (tail) this.#outbox.push({ frame: tail });
    this.#outbox.push({ markId });
    this.#pump();
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#playhead.pause();
    // While a flush is under way the pause waits: a paused queue never reports that it has drained.
    if (!this.#flushing) this.#command({ command: "PAUSE_MEDIA" });
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#playhead.resume();
    if (!this.#flushing) this.#command({ command: "CONTINUE_MEDIA" });
    this.#pump();
  }

  /** @throws {TransportError} when the PBX does not acknowledge in time. */
  flush(): Promise<void> {
    const wasPaused = this.#paused;
    this.#dropQueued();
    if (this.#flushing) return this.#flushing.promise;
    if (this.#phase !== "open") return Promise.resolve();
    this.#command({ command: "FLUSH_MEDIA" });
    if (wasPaused) this.#command({ command: "CONTINUE_MEDIA" });
    this.#command({ command: "REPORT_QUEUE_DRAINED" });
    const { promise, reject } = this.#flushing = Promise.withResolvers<void>();
    this.#flushTimer = setTimeout(() => {
      reject(this.#error(`did not acknowledge a flush within ${FLUSH_DEADLINE_MS} ms`));
      this.#flushEnded();
    }, FLUSH_DEADLINE_MS);
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#handlers = undefined;
    this.#cancelKeepAlive();
    await this.#socket?.close();
  }

  #onControl(event: ControlEvent): void {
    switch (event.event) {
      case "MEDIA_START":
        return this.#onStart(event.format, event.optimal_frame_size);
      case "MEDIA_MARK_PROCESSED":
        return this.#onMark(event.correlation_id);
      case "MEDIA_XOFF":
        this.#xoff = true;
        return this.#playhead.remainsMs(Math.max(XOFF_MS, this.#playhead.remainingMs));
      case "MEDIA_XON":
        this.#xoff = false;
        this.#playhead.remainsMs(Math.min(XON_MS, this.#playhead.remainingMs));
        return this.#pump();
      case "QUEUE_DRAINED":
        this.#flushing?.resolve();
        return this.#flushEnded();
      case "ERROR":
        return log.warn("the PBX refused a control message", { text: event.error_text });
    }
  }

  #onStart(format: string, frameBytes: number): void {
    if (format !== "slin16" || frameBytes !== FRAME_BYTES) {
      const offer =
        `offers ${format} in frames of ${frameBytes} bytes, not slin16 of ${FRAME_BYTES}`;
      return this.#started.reject(this.#error(offer));
    }
    this.#phase = "open";
    if (this.#paused) this.#command({ command: "PAUSE_MEDIA" });
    this.#pump();
    this.#keepAlive();
    this.#started.resolve();
  }

  #onMark(correlationId: string): void {
    const mark = this.#marks.get(correlationId);
    if (!mark) return;
    this.#marks.delete(correlationId);
    if (!this.#flushing) this.#playhead.played(mark.position);
    this.#handlers?.onMark(mark.markId);
    this.#pump();
  }

  #onAudio(pcm: Pcm): void {
    for (const frame of this.#incoming.push(pcm)) this.#handlers?.onFrame(frame);
  }

  #onClose(reason: "hangup" | "lost", detail: string): void {
    const wasOpen = this.#phase === "open";
    this.#phase = "closed";
    clearTimeout(this.#windowTimer);
    this.#cancelKeepAlive();
    // Nothing can be heard any more: that is what a flush under way has waited for.
    this.#flushing?.resolve();
    this.#flushEnded();
    this.#dropQueued();
    if (wasOpen) this.#handlers?.onClose(reason, detail);
  }

  /** Forgets what waits here and what is queued at the PBX, and with it any pause. */
  #dropQueued(): void {
    this.#outbox = [];
    this.#outgoing.clear();
    this.#paused = false;
    this.#playhead.resume();
    this.#playhead.remainsMs(0);
  }

  #flushEnded(): void {
    if (!this.#flushing) return;
    clearTimeout(this.#flushTimer);
    this.#flushing = undefined;
    this.#marks.clear();
    if (this.#paused) this.#command({ command: "PAUSE_MEDIA" });
    this.#pump();
  }

  /** Sends what waits, in order, as long as Asterisk has room and no flush is under way. */
  #pump(): void {
    clearTimeout(this.#windowTimer);
    if (this.#phase !== "open" || this.#xoff || this.#flushing) return;
    let sent = 0;
    for (const item of this.#outbox) {
      if (this.#windowFull()) {
        // A paused queue makes no room; `resume` comes back here.
        if (!this.#paused) this.#windowTimer = setTimeout(() => this.#pump(), WINDOW_POLL_MS);
        break;
      }
      this.#sendItem(item);
      sent++;
    }
    this.#outbox.splice(0, sent);
  }

  /** Many phones and trunks drop a leg on which no RTP comes. */
  #keepAlive(): void {
    this.#cancelKeepAlive = this.#time.after(KEEPALIVE_MS, () => {
      const idle = this.#outbox.length === 0 && this.#playhead.remainingMs === 0;
      if (idle && !this.#paused && !this.#flushing && !this.#xoff) {
        this.#sendItem({ frame: SILENCE });
      }
      this.#keepAlive();
    });
  }

  #windowFull(): boolean {
    const unsentBytes = this.#socket?.unsentBytes ?? 0;
    return this.#playhead.remainingMs >= WINDOW_MS || unsentBytes >= WINDOW_BYTES;
  }

  #sendItem(item: Outgoing): void {
    if ("frame" in item) {
      this.#playhead.give();
      return this.#socket?.sendFrame(item.frame);
    }
    const correlationId = (this.#marksSent++).toString(36);
    this.#marks.set(correlationId, { markId: item.markId, position: this.#playhead.position });
    this.#command({ command: "MARK_MEDIA", correlation_id: correlationId });
  }

  #command(command: ControlCommand): void {
    if (this.#phase === "open") this.#socket?.sendCommand(command);
  }

  /** Names the PBX without the connection id: whoever knows an unused one may connect to it. */
  #error(problem: string, cause?: unknown): TransportError {
    return new TransportError(
      `the PBX at ${new URL(this.#url).host} ${problem}; check that the channel still exists (an ` +
        "address serves one connection), is in its bridge, and was created with format=slin16",
      { cause },
    );
  }
}
