/** A media transport failed: what was tried, on what, what to do. */
export class TransportError extends Error {
  override readonly name = "TransportError";
}

/** A folder of the PBX cannot be used. */
export class FolderError extends TransportError {
  constructor(readonly what: string, readonly fix: string, cause: unknown) {
    super(`${what}: ${fix}`, { cause });
  }
}
