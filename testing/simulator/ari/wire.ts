// Small things of ARI's wire format.

/** A moment as ARI writes it: `2026-11-20T06:18:02.319+0000`. */
export function ariDate(at: Date = new Date()): string {
  return at.toISOString().replace("Z", "+0000");
}

/** A command that fails, with the status and the message the real PBX gives. */
export class AriFailure extends Error {
  override readonly name = "AriFailure";

  constructor(readonly status: number, message: string) {
    super(message);
  }
}
