/** A media transport failed: what was tried, on what, what to do. */
export class TransportError extends Error {
  override readonly name = "TransportError";
}
