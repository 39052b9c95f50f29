// A helper process that takes requests and gives reports as lines of JSON.

/** A running helper. It ends when its input is closed, so also when this process dies. */
export class Child<In, Out> implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;
  #rest = "";

  /** @param cpus pins it, as taskset(1) names them. */
  constructor(module: URL, args: readonly string[], cpus?: string) {
    const run = [Deno.execPath(), "run", "-A", module.pathname, ...args];
    const [command, ...rest] = cpus === undefined ? run : ["taskset", "-c", cpus, ...run];
    this.#child = new Deno.Command(command!, { args: rest, stdin: "piped", stdout: "piped" })
      .spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#output = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  get pid(): number {
    return this.#child.pid;
  }

  async tell(request: In): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
  }

  /** The next report. @throws {Error} when the process has ended. */
  async next(): Promise<Out> {
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return JSON.parse(line) as Out;
      }
      const { value, done } = await this.#output.read();
      if (done) throw new Error("a process of the benchmark ended early");
      this.#rest += value;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => undefined);
    await this.#child.status;
    await this.#output.cancel();
  }
}
