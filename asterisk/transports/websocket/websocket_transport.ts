// A call's audio over Asterisk's chan_websocket: slin16 frames both ways, JSON control messages.
// Asterisk owns the playout clock.

import { FRAME_BYTES, type Pcm } from "../../../media/frame.ts";
import type { LineStats } from "../../../media/line_stats.ts";
import type { TimeSource } from "../../../media/playout/frame_clock.ts";
import type { MediaHandlers, MediaTransport } from "../../../media/transport.ts";
import { abortable } from "../../../runtime/waiting.ts";
import { TransportError } from "../error.ts";
import { FrameCutter } from "../frame_cutter.ts";
import type { ControlEvent } from "./control_message.ts";
import { MediaSocket } from "./media_socket.ts";
import { WebsocketOutput } from "./websocket_output.ts";

/** The audio of one external media channel. `onClose` reports the far end's close, not our own dispose. */
export class WebsocketTransport implements MediaTransport {
  readonly kind = "websocket";
  readonly out: WebsocketOutput;
  readonly #url: string;
  readonly #incoming = new FrameCutter();
  readonly #started = Promise.withResolvers<void>();
  #phase: "new" | "connecting" | "open" | "closed" = "new";
  #socket: MediaSocket | undefined;
  #handlers: MediaHandlers | undefined;

  /** @param url the media address of an external media channel, such as `ws://127.0.0.1:8088/media/<id>`. */
  constructor(url: string, time?: TimeSource) {
    this.#url = url;
    this.out = new WebsocketOutput({
      onMark: (markId) => this.#handlers?.onMark(markId),
      failure: (problem) => this.#error(problem),
      time,
    });
  }

  get stats(): LineStats {
    return { ...this.out.stats, badMessages: this.#socket?.badMessages ?? 0 };
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
    this.#socket = MediaSocket.connect(this.#url, {
      onControl: (event) => this.#onControl(event),
      onAudio: (pcm) => this.#onAudio(pcm),
      onClose: (code, detail) => {
        this.#started.reject(this.#error(`refused the audio: ${detail}`));
        this.#onClose(code === 1000 ? "hangup" : "lost", detail);
      },
    });
    try {
      await abortable(this.#started.promise, signal);
    } catch (error) {
      await this[Symbol.asyncDispose]();
      if (!signal.aborted) throw error;
      throw this.#error("did not take the audio in time", signal.reason);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#handlers = undefined;
    this.out.close();
    await this.#socket?.close();
  }

  #onControl(event: ControlEvent): void {
    if (event.event === "MEDIA_START") this.#onStart(event.format, event.optimal_frame_size);
    else this.out.onControl(event);
  }

  #onStart(format: string, frameBytes: number): void {
    if (format !== "slin16" || frameBytes !== FRAME_BYTES) {
      const offer =
        `offers ${format} in frames of ${frameBytes} bytes, not slin16 of ${FRAME_BYTES}`;
      return this.#started.reject(this.#error(offer));
    }
    this.#phase = "open";
    this.out.start(this.#socket!);
    this.#started.resolve();
  }

  #onAudio(pcm: Pcm): void {
    for (const frame of this.#incoming.push(pcm)) this.#handlers?.onFrame(frame);
  }

  #onClose(reason: "hangup" | "lost", detail: string): void {
    const wasOpen = this.#phase === "open";
    this.#phase = "closed";
    this.out.close();
    if (wasOpen) this.#handlers?.onClose(reason, detail);
  }

  /** Names the PBX without the connection id: anyone who knows an unused id may connect with it. */
  #error(problem: string, cause?: unknown): TransportError {
    return new TransportError(
      `the PBX at ${new URL(this.#url).host} ${problem}; check that the channel still exists (an ` +
        "address serves one connection), is in its bridge, and was created with format=slin16",
      { cause },
    );
  }
}
