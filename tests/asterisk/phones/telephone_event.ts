// Keys as a phone sends them within its audio stream (RFC 4733).

/** Our SDP's payload type for telephone-event. */
export const PAYLOAD_EVENT = 101;

const KEYS = "0123456789*#ABCD";
/** Level of the key's tone in -dBm0, as of most phones. */
const KEY_VOLUME = 10;

/** Whether a phone has this key. */
export function isKey(digit: string): boolean {
  return digit.length === 1 && KEYS.includes(digit);
}

/** A key held for `duration` timestamp units so far; `end` once it is released. */
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
