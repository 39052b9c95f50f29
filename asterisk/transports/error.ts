/** A media transport failed; the message says what was tried, on what, and what to do. */
export class TransportError extends Error {
  override readonly name = "TransportError";
}

/** A folder of the PBX cannot be used. */
export class FolderError extends TransportError {
  constructor(readonly what: string, readonly fix: string, cause: unknown) {
    super(`${what}: ${fix}`, { cause });
  }
}
