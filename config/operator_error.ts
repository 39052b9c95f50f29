// Mistakes that the operator can correct.

/**
 * A mistake in settings, in files or on the machine. The message says everything: what is wrong, with
 * what, and the fix. The command line prints it without a stack trace and exits with code 2.
 */
export class OperatorError extends Error {
  override readonly name: string = "OperatorError";
}
