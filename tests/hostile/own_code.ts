// Sends inputs across a border whose code runs in this process, and catches what gets away.

import type { Border, Finding, Gate, Target } from "./border.ts";
import { leakingLines, type OwnLog } from "./log_tail.ts";
import { Mutator } from "./mutator.ts";
import { showsKey } from "./planted.ts";

/** One input may not hold its isolate longer than this: everything else there waits. */
const LONGEST_MS = 2000;
/** Findings of a border that are kept. */
const ENOUGH = 5;

/** Errors that no handler took, since the last look. */
class Strays implements Disposable {
  #caught: unknown[] = [];

  constructor() {
    globalThis.addEventListener("unhandledrejection", this.#onRejection);
    globalThis.addEventListener("error", this.#onError);
  }

  news(): unknown[] {
    return this.#caught.splice(0);
  }

  [Symbol.dispose](): void {
    globalThis.removeEventListener("unhandledrejection", this.#onRejection);
    globalThis.removeEventListener("error", this.#onError);
  }

  readonly #onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    this.#caught.push(event.reason);
  };

  readonly #onError = (event: ErrorEvent) => {
    event.preventDefault();
    this.#caught.push(event.error);
  };
}

/** Sends the inputs from `from` to `to` (not included) across; gives back what they did that none may. */
export async function sendToOwnCode(
  border: Border,
  target: Target,
  seed: number,
  { from, to }: { readonly from: number; readonly to: number },
  log: OwnLog,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  using strays = new Strays();
  await using gate: Gate = await border.open(target);
  for (let index = from; index < to && findings.length < ENOUGH; index++) {
    let input: string | undefined;
    const found = (what: string) =>
      findings.push({ border: border.name, from: index, to: index + 1, what, input });
    const before = performance.now();
    try {
      input = await gate.take(new Mutator(seed, border.name, index), index);
    } catch (error) {
      found(`throws ${describeError(error)}`);
    }
    const tookMs = performance.now() - before;
    if (tookMs > LONGEST_MS) found(`takes ${Math.round(tookMs)} ms`);
    for (const error of strays.news()) found(`an error that nobody takes: ${describeError(error)}`);
    for (const line of leakingLines(log.news())) found(line);
    // An operator may be told the words and the numbers of their own files, but no key.
    if (showsKey(gate.told?.() ?? "")) found("the operator is shown the planted secret");
  }
  await gate.settled?.();
  for (const error of strays.news()) {
    findings.push({
      border: border.name,
      from,
      to,
      what: `an error that nobody takes: ${describeError(error)}`,
    });
  }
  return findings;
}

function describeError(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
