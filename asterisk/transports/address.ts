// Which address goes with which transport.

import type { MediaAddress } from "../../media/transport.ts";

type Kind = MediaAddress["kind"];

/**
 * The address, known to be of this kind.
 *
 * @throws {TypeError} when it is of another.
 */
export function addressOf<K extends Kind>(
  kind: K,
  address: MediaAddress,
): Extract<MediaAddress, { kind: K }> {
  if (address.kind === kind) return address as Extract<MediaAddress, { kind: K }>;
  throw new TypeError(
    `the media was prepared for ${kind}, but the address is one for ${address.kind}`,
  );
}
