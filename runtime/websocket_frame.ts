// The frames of the WebSocket protocol, RFC 6455 §5, as a client writes and reads them.

import { concatBytes } from "./bytes.ts";

/** Opcodes, RFC 6455 §11.8. */
export const OPCODE = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xA,
} as const;

const FIN = 0x80;
const RESERVED_BITS = 0x70;
const OPCODE_BITS = 0x0F;
const MASKED = 0x80;
const LENGTH_BITS = 0x7F;
/** Lengths from here on follow in 16 bits, and in 64 beyond what those hold. */
const LENGTH_16 = 126;
const LENGTH_64 = 127;
/** A control frame may be no longer. */
const LONGEST_CONTROL = 125;
/** Far more than a PBX says at once: what claims to be longer is no audio. */
const LONGEST_MESSAGE = 1 << 20;

/** Close codes, RFC 6455 §7.4.1. */
export const CLOSE = {
  normal: 1000,
  protocolError: 1002,
  /** Never sent: the far end has closed without saying why. */
  none: 1005,
  /** Never sent: the connection has ended without a closing handshake. */
  abnormal: 1006,
  tooLong: 1009,
} as const;

/** The far end breaks the protocol; `code` is what it is told before the connection ends. */
export class WebSocketProtocolError extends Error {
  override readonly name = "WebSocketProtocolError";

  constructor(readonly code: number, problem: string) {
    super(`the far end breaks the WebSocket protocol: ${problem}`);
  }
}

/** A whole message, its fragments joined; its bytes are its own. */
export interface Message {
  readonly opcode: number;
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** One frame to send, masked as a client's must be; `payload` is copied. */
export function encodeFrame(opcode: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const { length } = payload;
  const head = length < LENGTH_16 ? 6 : length <= 0xFFFF ? 8 : 14;
  const frame = new Uint8Array(head + length);
  frame[0] = FIN | opcode;
  const view = new DataView(frame.buffer);
  if (head === 6) frame[1] = MASKED | length;
  else if (head === 8) {
    frame[1] = MASKED | LENGTH_16;
    view.setUint16(2, length);
  } else {
    frame[1] = MASKED | LENGTH_64;
    view.setBigUint64(2, BigInt(length));
  }
  const mask = frame.subarray(head - 4, head);
  crypto.getRandomValues(mask);
  for (let i = 0; i < length; i++) frame[head + i] = payload[i]! ^ mask[i & 3]!;
  return frame;
}

/** Puts a server's bytes together to messages, wherever the network has cut them. */
export class MessageReader {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array();
  /** The fragments so far of a message that is not whole yet. */
  #opcode: number | undefined;
  #fragments: Uint8Array<ArrayBuffer>[] = [];
  #fragmentBytes = 0;

  /**
   * Takes what has arrived, and returns what is whole with it; `chunk` is copied.
   *
   * @throws {WebSocketProtocolError} when that cannot be a server's; what came before it is lost.
   */
  read(chunk: Uint8Array): Message[] {
    this.#bytes = concatBytes([this.#bytes, chunk]);
    const messages: Message[] = [];
    for (let frame = this.#frame(); frame; frame = this.#frame()) {
      const message = this.#message(frame.final, frame.opcode, frame.payload);
      if (message) messages.push(message);
    }
    return messages;
  }

  /** Takes the next whole frame from the bytes, if there is one. */
  #frame() {
    const bytes = this.#bytes;
    if (bytes.length < 2) return undefined;
    const [first, second] = [bytes[0]!, bytes[1]!];
    if (first & RESERVED_BITS) throw broken("an extension that was not agreed on");
    if (second & MASKED) throw broken("a server's frame is masked");
    let length = second & LENGTH_BITS;
    const head = length < LENGTH_16 ? 2 : length === LENGTH_16 ? 4 : 10;
    if (bytes.length < head) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    if (head === 4) length = view.getUint16(2);
    else if (head === 10) length = Number(view.getBigUint64(2));
    if (length + this.#fragmentBytes > LONGEST_MESSAGE) {
      throw new WebSocketProtocolError(CLOSE.tooLong, `a message of ${length} bytes`);
    }
    if (bytes.length < head + length) return undefined;
    this.#bytes = bytes.subarray(head + length);
    return {
      final: (first & FIN) !== 0,
      opcode: first & OPCODE_BITS,
      payload: bytes.slice(head, head + length),
    };
  }

  /** The message that a frame is, or makes whole. */
  #message(
    final: boolean,
    opcode: number,
    payload: Uint8Array<ArrayBuffer>,
  ): Message | undefined {
    switch (opcode) {
      case OPCODE.close:
      case OPCODE.ping:
      case OPCODE.pong:
        if (!final || payload.length > LONGEST_CONTROL) throw broken("a control frame too long");
        return { opcode, payload };
      case OPCODE.text:
      case OPCODE.binary:
        if (this.#opcode !== undefined) throw broken("a message amid another one");
        if (final) return { opcode, payload };
        this.#opcode = opcode;
        break;
      case OPCODE.continuation:
        if (this.#opcode === undefined) throw broken("a fragment of no message");
        break;
      default:
        throw broken(`opcode ${opcode}`);
    }
    this.#fragments.push(payload);
    this.#fragmentBytes += payload.length;
    if (!final) return undefined;
    const whole = { opcode: this.#opcode, payload: concatBytes(this.#fragments) };
    this.#opcode = undefined;
    this.#fragments = [];
    this.#fragmentBytes = 0;
    return whole;
  }
}

function broken(problem: string): WebSocketProtocolError {
  return new WebSocketProtocolError(CLOSE.protocolError, problem);
}
