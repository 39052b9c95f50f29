// An address, checked against the transport it is given to.

import type { MediaAddress } from "../../media/transport.ts";

type Kind = MediaAddress["kind"];

/**
 * The address, typed by its kind.
 *
 * @throws {TypeError} when it is of another kind.
 */
export function addressOf<K extends Kind>(
  kind: K,
  address: MediaAddress,
): Extract<MediaAddress, { kind: K }> {
  if (address.kind === kind) return address as Extract<MediaAddress, { kind: K }>;
  throw new TypeError(
    `media prepared for ${kind} cannot use an address of ${address.kind}`,
  );
}
