// Shows how a long step is getting on: one changing line on a terminal, a line now and then elsewhere.

const QUIET_MS = 5000;
const WIDTH = 78;

/** Progress of one named undertaking, on standard error. */
export class Progress {
  readonly #terminal = Deno.stderr.isTerminal();
  #shownAt = -Infinity;

  constructor(readonly name: string) {}

  /** Something worth a line of its own. */
  line(text: string): void {
    this.clear();
    this.#write(`${this.name}: ${text}\n`);
  }

  /** The step it is at now. */
  step(text: string): void {
    const now = performance.now();
    if (!this.#terminal && now - this.#shownAt < QUIET_MS) return;
    this.#shownAt = now;
    const shown = `${this.name}: ${text.trim()}`.slice(0, WIDTH);
    this.#write(this.#terminal ? `\r${shown.padEnd(WIDTH)}` : `${shown}\n`);
  }

  /** Ends the changing line. */
  clear(): void {
    if (this.#terminal) this.#write(`\r${" ".repeat(WIDTH)}\r`);
  }

  #write(text: string): void {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  }
}
