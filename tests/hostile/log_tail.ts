// What was logged since the last look: of the running service, and of the product's code in this process.

import { join } from "node:path";
import { LogLines } from "../../testing/log_lines.ts";
import { leaks } from "./planted.ts";

/** The service's log file, read on from where the last look ended. */
export class ServiceLog {
  readonly #path: string;
  #read = 0;

  constructor(dataDir: string) {
    this.#path = join(dataDir, "service.log");
  }

  /** What was written since the last look. */
  async news(): Promise<string> {
    using file = await Deno.open(this.#path);
    await file.seek(this.#read, Deno.SeekMode.Start);
    const text = await new Response(file.readable).text();
    this.#read += new TextEncoder().encode(text).length;
    return text;
  }
}

/** This process's log. */
export class OwnLog implements Disposable {
  #lines = new LogLines("debug");

  /** The lines since the last look. */
  news(): string {
    return this.#lines.all.splice(0).join("");
  }

  [Symbol.dispose](): void {
    this.#lines[Symbol.dispose]();
  }
}

/** The lines that show something planted, each with what it shows; the planted text itself is left out. */
export function leakingLines(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const shown = leaks(line);
    return shown.length > 0 ? [`a line shows the planted ${shown.join(" and ")}: ${line}`] : [];
  });
}
