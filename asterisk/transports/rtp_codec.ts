// The payload formats of an RTP leg: what the PBX is asked for, and how samples become bytes.

import { type Pcm, SAMPLE_RATE_HZ } from "../../media/frame.ts";
import { decodeG711, encodeG711 } from "../../media/g711.ts";

/** One payload format. */
export interface RtpCodec {
  /** What packets say they carry. */
  readonly payloadType: number;
  /** Samples a second; also the rate of RTP timestamps. */
  readonly rateHz: number;
  readonly bytesPerSample: number;
  encode(pcm: Int16Array): Uint8Array;
  decode(payload: Uint8Array): Pcm;
}

/** Formats by the name Asterisk has for them. */
export const RTP_CODECS: Readonly<Record<"ulaw" | "alaw" | "slin16", RtpCodec>> = {
  ulaw: {
    payloadType: 0,
    rateHz: 8000,
    bytesPerSample: 1,
    encode: (pcm) => encodeG711("ulaw", pcm),
    decode: (payload) => decodeG711("ulaw", payload),
  },
  alaw: {
    payloadType: 8,
    rateHz: 8000,
    bytesPerSample: 1,
    encode: (pcm) => encodeG711("alaw", pcm),
    decode: (payload) => decodeG711("alaw", payload),
  },
  slin16: {
    // There is no SDP to agree on a dynamic type: Asterisk's own (main/rtp_engine.c) is 118.
    payloadType: 118,
    rateHz: SAMPLE_RATE_HZ,
    bytesPerSample: 2,
    encode: encodeL16,
    decode: decodeL16,
  },
};

/** RFC 3551 L16: network byte order. */
function encodeL16(pcm: Int16Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(pcm.byteLength));
  for (let i = 0; i < pcm.length; i++) view.setInt16(2 * i, pcm[i]!);
  return new Uint8Array(view.buffer);
}

function decodeL16(payload: Uint8Array): Pcm {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const pcm = new Int16Array(payload.length >> 1);
  for (let i = 0; i < pcm.length; i++) pcm[i] = view.getInt16(2 * i);
  return pcm;
}
