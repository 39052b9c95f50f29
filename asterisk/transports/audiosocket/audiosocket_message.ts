// AudioSocket's messages: a type byte, a 16-bit big-endian length, and that many bytes of payload
// (Asterisk's include/asterisk/res_audiosocket.h).

import { pcmFromBytes } from "../../../media/frame.ts";
import type { Pcm } from "../../../media/frame.ts";

/** One message from the PBX. */
export type AudioSocketMessage =
  | { readonly kind: "hangup" }
  | { readonly kind: "uuid"; readonly uuid: string }
  | { readonly kind: "dtmf"; readonly digit: string }
  | { readonly kind: "audio"; readonly sampleRateHz: number; readonly pcm: Pcm }
  | { readonly kind: "error"; readonly code: number }
  /** A type the protocol does not have, or a wrong length. */
  | { readonly kind: "bad"; readonly detail: string };

const TYPE_HANGUP = 0x00;
const TYPE_UUID = 0x01;
const TYPE_DTMF = 0x03;
const TYPE_ERROR = 0xff;

/** Audio types by sample rate; Asterisk before 20.17, 21.12, 22.7 and 23.1 knows only the first. */
const AUDIO_TYPE: ReadonlyMap<number, number> = new Map([
  [8000, 0x10],
  [12_000, 0x11],
  [16_000, 0x12],
  [24_000, 0x13],
  [32_000, 0x14],
  [44_100, 0x15],
  [48_000, 0x16],
  [96_000, 0x17],
  [192_000, 0x18],
]);
const AUDIO_RATE: ReadonlyMap<number, number> = new Map(
  [...AUDIO_TYPE].map(([rate, type]) => [type, rate]),
);

const HEADER_BYTES = 3;
/** A message with more audio than this is not a telephone frame. */
const LONGEST_AUDIO_MS = 200;

/** Hangs up. */
export const HANGUP_MESSAGE = Uint8Array.of(TYPE_HANGUP, 0, 0);

/** One frame of audio. Write it in one piece: old versions of Asterisk do not wait for the rest. */
export function encodeAudio(pcm: Int16Array, sampleRateHz: 8000 | 16_000): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + pcm.byteLength);
  const view = new DataView(bytes.buffer);
  bytes[0] = AUDIO_TYPE.get(sampleRateHz)!;
  view.setUint16(1, pcm.byteLength);
  bytes.set(new Uint8Array(pcm.buffer, pcm.byteOffset, pcm.byteLength), HEADER_BYTES);
  return bytes;
}

/** Any message but audio, as the PBX sends it; for the simulator and the tests. */
export function encodeMessage(type: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + payload.length);
  bytes[0] = type;
  new DataView(bytes.buffer).setUint16(1, payload.length);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

/** Cuts a TCP stream into messages. */
export class AudioSocketReader {
  #rest = new Uint8Array();

  /** True while a message is incomplete. */
  get inMessage(): boolean {
    return this.#rest.length > 0;
  }

  /** The messages that `chunk` completes. */
  *push(chunk: Uint8Array): Generator<AudioSocketMessage> {
    const bytes = new Uint8Array(this.#rest.length + chunk.length);
    bytes.set(this.#rest);
    bytes.set(chunk, this.#rest.length);
    const view = new DataView(bytes.buffer);
    let at = 0;
    for (;;) {
      this.#rest = bytes.subarray(at);
      if (this.#rest.length < HEADER_BYTES) return;
      const end = at + HEADER_BYTES + view.getUint16(at + 1);
      if (end > bytes.length) return;
      const message = decode(bytes[at]!, bytes.subarray(at + HEADER_BYTES, end));
      at = end;
      this.#rest = bytes.subarray(at);
      yield message;
    }
  }
}

function decode(type: number, payload: Uint8Array): AudioSocketMessage {
  const sampleRateHz = AUDIO_RATE.get(type);
  if (sampleRateHz !== undefined) return decodeAudio(sampleRateHz, payload);
  switch (type) {
    case TYPE_HANGUP:
      return { kind: "hangup" };
    case TYPE_UUID:
      if (payload.length !== 16) return bad(type, payload);
      return { kind: "uuid", uuid: formatUuid(payload) };
    case TYPE_DTMF: {
      const digit = String.fromCharCode(...payload);
      return /^[0-9*#A-D]$/i.test(digit)
        ? { kind: "dtmf", digit: digit.toUpperCase() }
        : bad(type, payload);
    }
    case TYPE_ERROR:
      return { kind: "error", code: payload[0] ?? 0 };
    default:
      return bad(type, payload);
  }
}

function decodeAudio(sampleRateHz: number, payload: Uint8Array): AudioSocketMessage {
  const tooLong = payload.length / 2 > sampleRateHz * LONGEST_AUDIO_MS / 1000;
  if (payload.length % 2 === 1 || tooLong) return bad(AUDIO_TYPE.get(sampleRateHz)!, payload);
  return { kind: "audio", sampleRateHz, pcm: pcmFromBytes(payload) };
}

function bad(type: number, payload: Uint8Array): AudioSocketMessage {
  return { kind: "bad", detail: `type 0x${type.toString(16)}, ${payload.length} bytes` };
}

function formatUuid(bytes: Uint8Array): string {
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
