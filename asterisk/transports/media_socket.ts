// One connection to chan_websocket: frames and control messages on the wire, nothing of playout.
//
// The `ws` package rather than the runtime's WebSocket, which leaves Nagle's algorithm on: a small
// write then waits for a delayed ACK (a flush was acknowledged in 54 ms; with `ws`, in 11).

import { type RawData, WebSocket } from "ws";
import { logger } from "../../config/logging.ts";
import { type Pcm, pcmFromBytes, pcmToBytes } from "../../media/frame.ts";
import { type ControlCommand, type ControlEvent, parseControl } from "./control_message.ts";

const log = logger("media");

/** Longest wait for the PBX's half of the closing handshake, in ms. */
const CLOSE_DEADLINE_MS = 1000;

/** What arrives. Malformed messages do not: they are logged and dropped. */
export interface MediaSocketHandlers {
  onControl(event: ControlEvent): void;
  /** Audio of any length. */
  onAudio(pcm: Pcm): void;
  /** The connection has ended, or was never made; called once. Code 1000 is an orderly end. */
  onClose(code: number, detail: string): void;
}

/** A connection to a media address, from the handshake on. */
export class MediaSocket {
  readonly #socket: WebSocket;
  readonly #closed = Promise.withResolvers<void>();

  constructor(url: string, handlers: MediaSocketHandlers) {
    const socket = this.#socket = new WebSocket(url, "media", { perMessageDeflate: false });
    let failure = "";
    socket.on("message", (data: RawData, isBinary) => {
      if (isBinary) readAudio(data as Uint8Array, handlers);
      else readControl(String(data), handlers);
    });
    socket.on("error", (error) => failure = error.message);
    socket.on("close", (code, reason) => {
      const detail = [`closed with code ${code}`, String(reason), failure].filter(Boolean);
      this.#closed.resolve();
      handlers.onClose(code, detail.join(": "));
    });
  }

  /** Bytes handed over that the network has not taken yet: what a stalled PBX makes grow. */
  get unsentBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** Sends one frame; what is sent after the end is lost. */
  sendFrame(frame: Pcm): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(pcmToBytes(frame));
  }

  /** Sends a control message; what is sent after the end is lost. */
  sendCommand(command: ControlCommand): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(command));
  }

  /** Ends the connection, whatever state it is in, and resolves when it has ended. */
  async close(): Promise<void> {
    this.#socket.close();
    const deadline = setTimeout(() => this.#socket.terminate(), CLOSE_DEADLINE_MS);
    await this.#closed.promise;
    clearTimeout(deadline);
  }
}

function readAudio(bytes: Uint8Array, handlers: MediaSocketHandlers): void {
  if (bytes.byteLength % 2 === 0) return handlers.onAudio(pcmFromBytes(bytes));
  log.warn("audio of an odd byte count dropped", { bytes: bytes.byteLength });
}

function readControl(text: string, handlers: MediaSocketHandlers): void {
  const control = parseControl(text);
  switch (control.kind) {
    case "not_in_use":
      return log.debug("control message not in use", { name: control.name });
    case "malformed":
      return log.warn("malformed control message dropped", { problem: control.problem });
    case "event":
      return handlers.onControl(control.event);
  }
}
