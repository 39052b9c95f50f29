// Mistakes that the operator can mend.

/**
 * A mistake in settings, files or the machine whose message says all there is to say: what is wrong,
 * with what, and the cure. The command line prints the message alone and exits with code 2.
 */
export class OperatorError extends Error {
  override readonly name: string = "OperatorError";
}
