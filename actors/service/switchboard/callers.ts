// How many calls each caller has at the same time. One caller, or one who calls in a loop, must not
// take all the lines. Numbers are known only as keyed hashes, in memory, with a key of this run: they
// are in no log, no journal and no core dump.

import { createHmac, randomBytes } from "node:crypto";
import type { Channel } from "../../../asterisk/ari/mod.ts";
import { maskNumber } from "../../../config/privacy/redact.ts";

/** What PBXs write in place of a number that is withheld or not known. */
const NO_NUMBER = /^$|anonymous|unknown|unavailable|restricted|private|withheld/i;

/** Of a caller's number: E.164 has 15 digits, SIP any name. What is beyond is a stranger's noise. */
const LONGEST_NUMBER = 40;

/** A channel's caller as the console, the journal and the log may show them. */
export function shownCaller({ caller }: Pick<Channel, "caller">): string {
  return maskNumber(caller.number.slice(0, LONGEST_NUMBER));
}

/** The callers who are on the line. */
export class Callers {
  readonly #limit: number;
  readonly #key = randomBytes(32);
  /** Calls, by the hash of their caller's number. */
  readonly #calls = new Map<string, number>();

  /** @param limit calls that one caller may have at the same time; 0 is no limit. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether this caller has as many calls as one may have. Withheld numbers are not one caller. */
  hasAll(number: string): boolean {
    const who = this.#who(number);
    return who !== undefined && (this.#calls.get(who) ?? 0) >= this.#limit;
  }

  /** A call of this caller begins, and lasts until `closed` settles. */
  called(number: string, closed: Promise<unknown>): void {
    const who = this.#who(number);
    if (who === undefined) return;
    this.#calls.set(who, (this.#calls.get(who) ?? 0) + 1);
    const over = () => {
      const left = this.#calls.get(who)! - 1;
      if (left > 0) this.#calls.set(who, left);
      else this.#calls.delete(who);
    };
    closed.then(over, over);
  }

  #who(number: string): string | undefined {
    const written = number.trim();
    if (this.#limit === 0 || NO_NUMBER.test(written)) return undefined;
    return createHmac("sha256", this.#key).update(written).digest("base64");
  }
}
