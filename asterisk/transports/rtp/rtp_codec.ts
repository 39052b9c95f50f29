// The payload formats of an RTP leg. On an external media channel Asterisk accepts only the static
// payload types of RFC 3551: without SDP there is no agreeing on a dynamic one, so it sends slin16
// (as type 118) but drops what comes back (ast_rtp_codecs_get_payload; seen on 22.10.1).

import type { Pcm } from "../../../media/frame.ts";
import { decodeG711, encodeG711, G711_RATE_HZ, type G711Law } from "../../../media/codec/g711.ts";

/** Samples per second of each format; also the rate of RTP timestamps. */
export const RTP_RATE_HZ = G711_RATE_HZ;

/** One payload format, with one byte per sample. */
export interface RtpCodec {
  /** The payload type in the packets. */
  readonly payloadType: number;
  encode(pcm: Int16Array): Uint8Array;
  decode(payload: Uint8Array): Pcm;
}

/** Formats by their names in Asterisk. */
export const RTP_CODECS: Readonly<Record<G711Law, RtpCodec>> = {
  ulaw: {
    payloadType: 0,
    encode: (pcm) => encodeG711("ulaw", pcm),
    decode: (payload) => decodeG711("ulaw", payload),
  },
  alaw: {
    payloadType: 8,
    encode: (pcm) => encodeG711("alaw", pcm),
    decode: (payload) => decodeG711("alaw", payload),
  },
};
