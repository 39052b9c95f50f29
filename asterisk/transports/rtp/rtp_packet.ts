// RTP packets (RFC 3550 section 5.1).

/** One packet, without the header's extras (contributing sources, extension, padding). */
export interface RtpPacket {
  /** The codec of the payload, 0…127. */
  readonly payloadType: number;
  /** Set on the first packet after a silence. */
  readonly marker: boolean;
  /** 16 bits; grows by one with each packet sent. */
  readonly sequence: number;
  /** 32 bits; the time of the first sample, in samples. */
  readonly timestamp: number;
  /** 32 bits; the sender's identity. */
  readonly ssrc: number;
  readonly payload: Uint8Array;
}

const VERSION = 2;
const HEADER_BYTES = 12;

/** The packet as it goes on the wire; counters wrap. */
export function encodeRtp(packet: RtpPacket): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + packet.payload.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = VERSION << 6;
  bytes[1] = (packet.marker ? 0x80 : 0) | packet.payloadType;
  view.setUint16(2, packet.sequence);
  view.setUint32(4, packet.timestamp);
  view.setUint32(8, packet.ssrc);
  bytes.set(packet.payload, HEADER_BYTES);
  return bytes;
}

/** Reads a datagram; undefined when it is not a whole RTP packet. */
export function decodeRtp(bytes: Uint8Array): RtpPacket | undefined {
  if (bytes.length < HEADER_BYTES || bytes[0]! >> 6 !== VERSION) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const hasPadding = (bytes[0]! & 0x20) !== 0;
  const hasExtension = (bytes[0]! & 0x10) !== 0;
  const contributors = bytes[0]! & 0x0f;

  let start = HEADER_BYTES + 4 * contributors;
  if (hasExtension) {
    if (start + 4 > bytes.length) return undefined;
    start += 4 + 4 * view.getUint16(start + 2);
  }
  const padding = hasPadding ? bytes[bytes.length - 1]! : 0;
  const end = bytes.length - padding;
  if (start > end || (hasPadding && padding === 0)) return undefined;
  return {
    payloadType: bytes[1]! & 0x7f,
    marker: (bytes[1]! & 0x80) !== 0,
    sequence: view.getUint16(2),
    timestamp: view.getUint32(4),
    ssrc: view.getUint32(8),
    payload: bytes.subarray(start, end),
  };
}
