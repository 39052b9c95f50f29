// An error in words, for another error's message or a log line.

/** The error's message; anything else that was thrown, as a string. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
