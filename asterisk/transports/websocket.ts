// A call's audio over Asterisk's chan_websocket: slin16 frames both ways, JSON control messages.
// Asterisk owns the playout clock: it queues what it is sent and plays a frame every 20 ms.
//
// The runtime's own WebSocket rather than the `ws` package: measured, a burst of frames blocks the
// isolate a fifth as long, the round trip is no longer, and `bufferedAmount` tells of a stalled PBX.

import { logger } from "../../config/logging.ts";
import { durationMs, FRAME_BYTES, FRAME_MS, type Pcm, pcmFromBytes } from "../../media/frame.ts";
import { pcmToBytes } from "../../media/frame.ts";
import type { MediaHandlers, MediaTransport } from "../../media/transport.ts";
import { type ControlCommand, type ControlEvent, parseControl } from "./control_message.ts";
import { TransportError } from "./error.ts";
import { FrameCutter } from "./frame_cutter.ts";
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
/** Longest wait for the PBX's half of the closing handshake. */
const CLOSE_DEADLINE_MS = 1000;

/** A frame, or a mark, that waits to be sent. */
type Outgoing = { readonly frame: Pcm } | { readonly markId: string };

interface Mark {
  readonly markId: string;
  /** See `Playhead.position`. */
  readonly position: number;
}

/**
 * The audio of one external media channel. A mark the PBX had played out before a flush reached it
 * is still reported while that flush is under way. `onClose` tells of the far end's close, not of
 * our own dispose.
 */
export class WebsocketTransport implements MediaTransport {
  readonly kind = "websocket";
  readonly #url: string;
  readonly #playhead = new Playhead();
  readonly #incoming = new FrameCutter();
  readonly #outgoing = new FrameCutter();
  readonly #closed = Promise.withResolvers<void>();
  #phase: "new" | "connecting" | "open" | "closed" = "new";
  #socket: WebSocket | undefined;
  #handlers: MediaHandlers | undefined;
  #outbox: Outgoing[] = [];
  /** Marks sent and not reported yet, by correlation id: ours, and short whatever the mark is called. */
  #marks = new Map<string, Mark>();
  #marksSent = 0;
  #stopped = false;
  #paused = false;
  #flushing: PromiseWithResolvers<void> | undefined;
  #flushTimer: ReturnType<typeof setTimeout> | undefined;
  #windowTimer: ReturnType<typeof setTimeout> | undefined;

  /** @param url the media address of an external media channel, such as `ws://127.0.0.1:8088/media/<id>`. */
  constructor(url: string) {
    this.#url = url;
  }

  get bufferedMs(): number {
    const frames = this.#outbox.filter((item) => "frame" in item).length;
    return this.#playhead.remainingMs + frames * FRAME_MS +
      durationMs(this.#outgoing.pendingSamples);
  }

  /** Resolves once the PBX has announced slin16 audio. @throws {TransportError} */
  async open(handlers: MediaHandlers, signal: AbortSignal): Promise<void> {
    if (this.#phase !== "new") throw new TransportError("a media transport is opened once");
    signal.throwIfAborted();
    this.#phase = "connecting";
    this.#handlers = handlers;
    const started = Promise.withResolvers<void>();
    const socket = this.#socket = new WebSocket(this.#url, "media");
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") this.#onText(data, started);
      else this.#onAudio(new Uint8Array(data));
    };
    let failure = "";
    socket.onerror = (event) => failure = event instanceof ErrorEvent ? event.message : "";
    socket.onclose = ({ code, reason }) => {
      const detail = [`closed with code ${code}`, reason, failure].filter(Boolean).join(": ");
      started.reject(new TransportError(`${this.#where()} refused the audio: ${detail}; ${CURE}`));
      this.#onClose(code === 1000 ? "hangup" : "lost", detail);
    };
    const abort = () => {
      started.reject(
        new TransportError(`${this.#where()} did not take the audio in time; ${CURE}`, {
          cause: signal.reason,
        }),
      );
    };
    signal.addEventListener("abort", abort, { once: true });
    try {
      await started.promise;
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    } finally {
      signal.removeEventListener("abort", abort);
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
    this.#outbox = [];
    this.#outgoing.clear();
    const wasPaused = this.#paused;
    this.#paused = false;
    this.#playhead.resume();
    this.#playhead.remainsMs(0);
    if (this.#flushing) return this.#flushing.promise;
    if (this.#phase !== "open") return Promise.resolve();
    this.#flushing = Promise.withResolvers<void>();
    this.#command({ command: "FLUSH_MEDIA" });
    if (wasPaused) this.#command({ command: "CONTINUE_MEDIA" });
    this.#command({ command: "REPORT_QUEUE_DRAINED" });
    const { promise, reject } = this.#flushing;
    this.#flushTimer = setTimeout(() => {
      reject(
        new TransportError(
          `${this.#where()} did not acknowledge a flush within ${FLUSH_DEADLINE_MS} ms; ` +
            "check its load, and that the media channel is in its bridge",
        ),
      );
      this.#flushEnded();
    }, FLUSH_DEADLINE_MS);
    return promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#handlers = undefined;
    const socket = this.#socket;
    if (!socket) return;
    socket.close();
    const deadline = setTimeout(() => this.#closed.resolve(), CLOSE_DEADLINE_MS);
    await this.#closed.promise;
    clearTimeout(deadline);
    this.#onClose("lost", "disposed");
  }

  #onText(text: string, started: PromiseWithResolvers<void>): void {
    const control = parseControl(text);
    switch (control.kind) {
      case "not_in_use":
        return log.debug("control message not in use", { name: control.name });
      case "malformed":
        return log.warn("malformed control message dropped", { problem: control.problem });
      case "event":
        return this.#onControl(control.event, started);
    }
  }

  #onControl(event: ControlEvent, started: PromiseWithResolvers<void>): void {
    switch (event.event) {
      case "MEDIA_START":
        return this.#onStart(event, started);
      case "MEDIA_MARK_PROCESSED":
        return this.#onMark(event.correlation_id);
      case "DTMF_END":
        return this.#handlers?.onDtmf(event.digit);
      case "MEDIA_XOFF":
        this.#stopped = true;
        return this.#playhead.remainsMs(Math.max(XOFF_MS, this.#playhead.remainingMs));
      case "MEDIA_XON":
        this.#stopped = false;
        if (!this.#flushing) this.#playhead.remainsMs(XON_MS);
        return this.#pump();
      case "QUEUE_DRAINED":
        this.#flushing?.resolve();
        return this.#flushEnded();
      case "ERROR":
        return log.warn("the PBX refused a control message", { text: event.error_text });
    }
  }

  #onStart(
    { format, optimal_frame_size: frameBytes, channel_id: channel }: ControlEvent & {
      event: "MEDIA_START";
    },
    started: PromiseWithResolvers<void>,
  ): void {
    if (format !== "slin16" || frameBytes !== FRAME_BYTES) {
      const said = `${format} in frames of ${frameBytes} bytes`;
      return started.reject(
        new TransportError(
          `${this.#where()} offers ${said} instead of slin16 in frames of ${FRAME_BYTES}; ` +
            "create the external media channel with format=slin16",
        ),
      );
    }
    log.debug("media started", { channel });
    this.#phase = "open";
    if (this.#paused) this.#command({ command: "PAUSE_MEDIA" });
    this.#pump();
    started.resolve();
  }

  #onMark(correlationId: string): void {
    const mark = this.#marks.get(correlationId);
    if (!mark) return;
    this.#marks.delete(correlationId);
    if (!this.#flushing) this.#playhead.played(mark.position);
    this.#handlers?.onMark(mark.markId);
  }

  #onAudio(bytes: Uint8Array): void {
    if (bytes.byteLength % 2 !== 0) {
      return log.warn("audio of an odd byte count dropped", { bytes: bytes.byteLength });
    }
    for (const frame of this.#incoming.push(pcmFromBytes(bytes))) this.#handlers?.onFrame(frame);
  }

  #onClose(reason: "hangup" | "lost", detail: string): void {
    if (this.#phase === "closed") return;
    const wasOpen = this.#phase === "open";
    this.#phase = "closed";
    clearTimeout(this.#windowTimer);
    this.#flushing?.resolve();
    this.#flushEnded();
    this.#outbox = [];
    this.#outgoing.clear();
    this.#playhead.resume();
    this.#playhead.remainsMs(0);
    this.#closed.resolve();
    if (wasOpen) this.#handlers?.onClose(reason, detail);
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
    if (this.#phase !== "open" || this.#stopped || this.#flushing) return;
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

  #windowFull(): boolean {
    const unsentBytes = this.#socket?.bufferedAmount ?? 0;
    return this.#playhead.remainingMs >= WINDOW_MS || unsentBytes >= WINDOW_BYTES;
  }

  #sendItem(item: Outgoing): void {
    if ("frame" in item) {
      this.#playhead.give();
      return this.#socket?.send(pcmToBytes(item.frame));
    }
    const correlationId = (this.#marksSent++).toString(36);
    this.#marks.set(correlationId, { markId: item.markId, position: this.#playhead.position });
    this.#command({ command: "MARK_MEDIA", correlation_id: correlationId });
  }

  #command(command: ControlCommand): void {
    if (this.#phase === "open") this.#socket?.send(JSON.stringify(command));
  }

  /** The PBX without the connection id: whoever knows an unused one may connect to it. */
  #where(): string {
    return `the PBX at ${new URL(this.#url).host}`;
  }
}

const CURE = "check that chan_websocket is loaded, and that the channel still exists: an address " +
  "serves one connection";
