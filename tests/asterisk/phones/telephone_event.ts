// Keys as a telephone sends them amid its audio (RFC 4733).

/** Payload type our SDP offers for telephone-event. */
export const PAYLOAD_EVENT = 101;

const KEYS = "0123456789*#ABCD";
/** Level of the key's tone in -dBm0, as most telephones send it. */
const KEY_VOLUME = 10;

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
