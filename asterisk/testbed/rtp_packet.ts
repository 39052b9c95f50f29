// The little of RTP (RFC 3550) and telephone-event (RFC 4733) that a test caller needs.

/** Static payload type of PCMU (RFC 3551). */
export const PAYLOAD_PCMU = 0;
/** Payload type our SDP offers for telephone-event. */
export const PAYLOAD_EVENT = 101;

const HEADER_BYTES = 12;
const VERSION_2 = 0x80;
const MARKER = 0x80;
const KEYS = "0123456789*#ABCD";
/** Level of the key's tone in -dBm0, as most telephones send it. */
const KEY_VOLUME = 10;

/** What varies from packet to packet. */
export interface RtpHeader {
  readonly payloadType: number;
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc: number;
  /** First packet after silence, or of a key. */
  readonly marker: boolean;
}

/** One packet. */
export function rtpPacket(header: RtpHeader, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const packet = new Uint8Array(HEADER_BYTES + payload.length);
  const view = new DataView(packet.buffer);
  view.setUint8(0, VERSION_2);
  view.setUint8(1, (header.marker ? MARKER : 0) | header.payloadType);
  view.setUint16(2, header.sequence & 0xffff);
  view.setUint32(4, header.timestamp >>> 0);
  view.setUint32(8, header.ssrc >>> 0);
  packet.set(payload, HEADER_BYTES);
  return packet;
}

/** The audio of a PCMU packet; undefined for anything else that may come (RTCP, comfort noise, keys). */
export function pcmuPayload(packet: Uint8Array): Uint8Array | undefined {
  if (packet.length <= HEADER_BYTES || (packet[0]! & 0xc0) !== VERSION_2) return undefined;
  if ((packet[1]! & 0x7f) !== PAYLOAD_PCMU) return undefined;
  const contributors = packet[0]! & 0x0f;
  return packet.subarray(HEADER_BYTES + 4 * contributors);
}

/** True for a key that a telephone has. */
export function isKey(digit: string): boolean {
  return digit.length === 1 && KEYS.includes(digit);
}

/** A key held down for `duration` timestamp units so far; `end` when it was let go. */
export function keyPayload(
  digit: string,
  duration: number,
  end: boolean,
): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(
    KEYS.indexOf(digit),
    (end ? 0x80 : 0) | KEY_VOLUME,
    duration >> 8,
    duration & 0xff,
  );
}
