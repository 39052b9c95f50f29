// Requests of a call isolate to the service, each answered by the number it was sent under.

import { within } from "../../../runtime/waiting.ts";

/** The requests that wait for their answers. */
export class Requests<Answer> {
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #sent = 0;

  /**
   * Sends one request.
   *
   * @param send sends it under the number given.
   * @param failure what is thrown when no answer has come after `timeoutMs`.
   */
  async ask(
    send: (seq: number) => void,
    timeoutMs: number,
    failure: () => Error,
  ): Promise<Answer> {
    const seq = ++this.#sent;
    const answer = Promise.withResolvers<Answer>();
    this.#waiting.set(seq, answer.resolve);
    send(seq);
    try {
      return await within(answer.promise, timeoutMs, failure);
    } finally {
      this.#waiting.delete(seq);
    }
  }

  /** Takes the answer to request `seq`. One that comes too late is ignored. */
  answered(seq: number, answer: Answer): void {
    this.#waiting.get(seq)?.(answer);
  }
}
