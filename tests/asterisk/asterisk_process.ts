// An Asterisk process: start, console commands, stop, kill.

import { TestbedError } from "./error.ts";
import type { Instance } from "./instance.ts";
import { ASTERISK_PRIORITY } from "./real_time.ts";
import { inTree } from "./tree.ts";

/** Printed by Asterisk when all its modules are loaded. */
const READY = "Asterisk Ready.";
const START_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 10_000;

/** One run of Asterisk in the foreground, with one instance's configuration. */
export class AsteriskProcess {
  readonly #child: Deno.ChildProcess;
  readonly #ready = Promise.withResolvers<void>();
  readonly #done: Promise<void>;
  readonly #lastLines: string[] = [];
  #running = true;

  private constructor(readonly tree: string, readonly instance: Instance) {
    const command = ["asterisk", "-C", configOf(instance), "-f", "-n"];
    this.#child = inTree(tree, command, { realTimePriority: ASTERISK_PRIORITY }).spawn();
    this.#done = this.#watch();
  }

  /**
   * Starts Asterisk and waits until it has loaded all its modules.
   *
   * @throws {TestbedError} with its last output, when it ends or takes too long.
   */
  static async start(tree: string, instance: Instance): Promise<AsteriskProcess> {
    const process = new AsteriskProcess(tree, instance);
    const deadline = setTimeout(() => void process.kill(), START_DEADLINE_MS);
    try {
      await process.#ready.promise;
    } finally {
      clearTimeout(deadline);
    }
    return process;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Ends the calls and shuts down; kills the process if that takes too long. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#child.kill("SIGTERM");
    const deadline = setTimeout(() => void this.kill(), STOP_DEADLINE_MS);
    await this.#done;
    clearTimeout(deadline);
  }

  /** Kills the process, like a power failure. */
  async kill(): Promise<void> {
    if (this.#running) this.#child.kill("SIGKILL");
    await this.#done;
  }

  async #watch(): Promise<void> {
    await Promise.all([this.#read(this.#child.stdout), this.#read(this.#child.stderr)]);
    const { code, signal } = await this.#child.status;
    this.#running = false;
    this.#ready.reject(
      new TestbedError(
        `Asterisk ended (${signal ?? `code ${code}`}) before it was ready. Its last output:\n  ` +
          this.#lastLines.join("\n  "),
      ),
    );
  }

  async #read(output: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of output.pipeThrough(new TextDecoderStream())) {
      this.#lastLines.push(...text.split("\n").filter((line) => line.trim() !== ""));
      this.#lastLines.splice(0, this.#lastLines.length - 15);
      if (text.includes(READY)) this.#ready.resolve();
    }
  }
}

/**
 * Runs a command on a running Asterisk's console.
 *
 * @throws {TestbedError} when it is not running.
 */
export async function consoleCommand(
  tree: string,
  instance: Instance,
  command: string,
): Promise<string> {
  const { success, stdout, stderr } = await inTree(tree, [
    ...["asterisk", "-C", configOf(instance), "-r", "-n", "-x", command],
  ]).output();
  const text = new TextDecoder();
  if (!success) {
    throw new TestbedError(
      `asterisk -rx "${command}" failed: ${text.decode(stderr) || text.decode(stdout)}`,
    );
  }
  return text.decode(stdout);
}

function configOf(instance: Instance): string {
  return `${instance.path}/etc/asterisk.conf`;
}
