// ARI's dates and refusals.

/** A time in ARI's format: `2026-11-20T06:18:02.319+0000`. */
export function ariDate(at: Date = new Date()): string {
  return at.toISOString().replace("Z", "+0000");
}

/** Refuses a command with the real PBX's status and message. */
export class AriFailure extends Error {
  override readonly name = "AriFailure";

  constructor(readonly status: number, message: string) {
    super(message);
  }
}
