// Progress of a long step: one changing line on a terminal, a line now and then elsewhere.

const QUIET_MS = 5000;
const WIDTH = 78;

/** Progress of one named task, on standard error. */
export class Progress {
  readonly #terminal = Deno.stderr.isTerminal();
  #shownAt = -Infinity;

  constructor(readonly name: string) {}

  /** Prints a line that stays. */
  line(text: string): void {
    this.clear();
    this.#write(`${this.name}: ${text}\n`);
  }

  /** Shows the current step. */
  step(text: string): void {
    const now = performance.now();
    if (!this.#terminal && now - this.#shownAt < QUIET_MS) return;
    this.#shownAt = now;
    const shown = `${this.name}: ${text.trim()}`.slice(0, WIDTH);
    this.#write(this.#terminal ? `\r${shown.padEnd(WIDTH)}` : `${shown}\n`);
  }

  /** Clears the changing line. */
  clear(): void {
    if (this.#terminal) this.#write(`\r${" ".repeat(WIDTH)}\r`);
  }

  #write(text: string): void {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  }
}
