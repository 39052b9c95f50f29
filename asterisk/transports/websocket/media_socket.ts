// One connection to chan_websocket: frames and control messages on the wire. It knows nothing of playout.

import { logger } from "../../../config/logging.ts";
import { type Pcm, pcmFromBytes, pcmToBytes } from "../../../media/frame.ts";
import { type ControlCommand, type ControlEvent, parseControl } from "./control_message.ts";
import { WebSocketClient } from "../../../runtime/repairs/websocket_client.ts";

const log = logger("media");

/** What arrives; malformed messages are logged and dropped. */
export interface MediaSocketHandlers {
  onControl(event: ControlEvent): void;
  /** Audio of any length. */
  onAudio(pcm: Pcm): void;
  /** The connection has ended, or could not be made; called once. Code 1000 is an orderly end. */
  onClose(code: number, detail: string): void;
}

/** A connection to a media address, from the handshake on. */
export class MediaSocket {
  readonly #socket: WebSocketClient;
  readonly #handlers: MediaSocketHandlers;
  #badMessages = 0;

  private constructor(url: string, handlers: MediaSocketHandlers) {
    this.#handlers = handlers;
    this.#socket = new WebSocketClient(url, "media", {
      onBinary: (bytes) => this.#onBinary(bytes),
      onText: (text) => this.#onText(text),
      onClose: (code, reason) => {
        const detail = [`closed with code ${code}`, reason].filter(Boolean);
        handlers.onClose(code, detail.join(": "));
      },
    });
  }

  /** Begins to connect; a failure is reported by `onClose`. */
  static connect(url: string, handlers: MediaSocketHandlers): MediaSocket {
    return new MediaSocket(url, handlers);
  }

  /** Malformed messages dropped so far. */
  get badMessages(): number {
    return this.#badMessages;
  }

  /** Bytes that the network has not taken yet; they grow when the PBX stalls. */
  get unsentBytes(): number {
    return this.#socket.unsentBytes;
  }

  /** Sends one frame; after the end it is lost. */
  sendFrame(frame: Pcm): void {
    this.#socket.sendBinary(pcmToBytes(frame));
  }

  /** Sends a control message; after the end it is lost. */
  sendCommand(command: ControlCommand): void {
    this.#socket.sendText(JSON.stringify(command));
  }

  /** Ends the connection in whatever state it is; resolves when it has ended. */
  close(): Promise<void> {
    return this.#socket.close();
  }

  #onBinary(bytes: Uint8Array<ArrayBuffer>): void {
    if (bytes.byteLength % 2 === 0) return this.#handlers.onAudio(pcmFromBytes(bytes, true));
    this.#badMessages++;
    log.warn("audio of an odd byte count dropped", { bytes: bytes.byteLength });
  }

  #onText(text: string): void {
    const control = parseControl(text);
    switch (control.kind) {
      case "not_in_use":
        // Its name is not shown: it is whatever the PBX sent.
        return log.debug("control message not in use");
      case "malformed":
        this.#badMessages++;
        return log.warn("malformed control message dropped", { problem: control.problem });
      case "event":
        return this.#handlers.onControl(control.event);
    }
  }
}
