// WebSocket frames (RFC 6455 §5), as a client writes and reads them.
// Delete together with websocket_client.ts.

import { concatBytes } from "../bytes.ts";

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
/** In place of a length: the length follows in 16 bits, or in 64. */
const LENGTH_16 = 126;
const LENGTH_64 = 127;
/** Longest payload of a control frame. */
const LONGEST_CONTROL = 125;
/** Far more than a PBX sends in one message: a longer one is not audio. */
const LONGEST_MESSAGE = 1 << 20;
/** Asterisk sends messages whole; each fragment costs far more memory than its bytes. */
const MOST_FRAGMENTS = 64;

/** Close codes, RFC 6455 §7.4.1. */
export const CLOSE = {
  normal: 1000,
  protocolError: 1002,
  /** Never sent: the peer closed without a code. */
  none: 1005,
  /** Never sent: the connection ended without a closing handshake. */
  abnormal: 1006,
  tooLong: 1009,
} as const;

/** The peer broke the protocol; `code` is sent to it before the connection ends. */
export class WebSocketProtocolError extends Error {
  override readonly name = "WebSocketProtocolError";

  constructor(readonly code: number, problem: string) {
    super(`the peer broke the WebSocket protocol: ${problem}`);
  }
}

/** A whole message, its fragments joined; it owns `payload`. */
export interface Message {
  readonly opcode: number;
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** One unfragmented frame, masked as a client's must be; `payload` is copied. */
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

const NOTHING = new Uint8Array();

/** Reassembles messages from a server's bytes, wherever the network cut them. */
export class MessageReader {
  #bytes: Uint8Array = NOTHING;
  /** Of a message whose last fragment has not arrived. */
  #opcode: number | undefined;
  #fragments: Uint8Array<ArrayBuffer>[] = [];
  #fragmentBytes = 0;

  /**
   * Takes the next bytes and returns the messages they complete; `chunk` is copied.
   *
   * @throws {WebSocketProtocolError} at a frame that no server may send; messages before it in
   * `chunk` are lost.
   */
  read(chunk: Uint8Array): Message[] {
    // Mostly a chunk is one whole frame behind another: it is then read where it lies.
    this.#bytes = this.#bytes.length === 0 ? chunk : concatBytes([this.#bytes, chunk]);
    const messages: Message[] = [];
    for (let frame = this.#frame(); frame; frame = this.#frame()) {
      const message = this.#message(frame.final, frame.opcode, frame.payload);
      if (message) messages.push(message);
    }
    this.#bytes = this.#bytes.length === 0 ? NOTHING : this.#bytes.slice();
    return messages;
  }

  /** Takes the next whole frame from the bytes, if there is one. */
  #frame() {
    const bytes = this.#bytes;
    if (bytes.length < 2) return undefined;
    const [first, second] = [bytes[0]!, bytes[1]!];
    if (first & RESERVED_BITS) throw protocolError("an extension that was not negotiated");
    if (second & MASKED) throw protocolError("a server's frame is masked");
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
      payload: new Uint8Array(bytes.subarray(head, head + length)),
    };
  }

  /** The message that this frame is or completes. */
  #message(
    final: boolean,
    opcode: number,
    payload: Uint8Array<ArrayBuffer>,
  ): Message | undefined {
    switch (opcode) {
      case OPCODE.close:
      case OPCODE.ping:
      case OPCODE.pong:
        if (!final || payload.length > LONGEST_CONTROL) {
          throw protocolError("a control frame that is fragmented or too long");
        }
        return { opcode, payload };
      case OPCODE.text:
      case OPCODE.binary:
        if (this.#opcode !== undefined) throw protocolError("a message within another message");
        if (final) return { opcode, payload };
        this.#opcode = opcode;
        break;
      case OPCODE.continuation:
        if (this.#opcode === undefined) {
          throw protocolError("a continuation without a first fragment");
        }
        break;
      default:
        throw protocolError(`opcode ${opcode}`);
    }
    // An empty fragment is legal and says nothing: held, a flood of them would take the memory.
    if (payload.length > 0) this.#fragments.push(payload);
    if (this.#fragments.length > MOST_FRAGMENTS) {
      const problem = `a message of more than ${MOST_FRAGMENTS} fragments`;
      throw new WebSocketProtocolError(CLOSE.tooLong, problem);
    }
    this.#fragmentBytes += payload.length;
    if (!final) return undefined;
    const whole = { opcode: this.#opcode, payload: concatBytes(this.#fragments) };
    this.#opcode = undefined;
    this.#fragments = [];
    this.#fragmentBytes = 0;
    return whole;
  }
}

function protocolError(problem: string): WebSocketProtocolError {
  return new WebSocketProtocolError(CLOSE.protocolError, problem);
}
