// What the commands say to the person who typed them. Everything else is a log line.

const BAR_WIDTH = 30;

/** A stream of this process; replaced in tests. */
export type Stream = Pick<typeof Deno.stderr, "writeSync" | "isTerminal">;

const encoder = new TextEncoder();

/** Writes one line to standard output. */
export function print(line = ""): void {
  write(Deno.stdout, `${line}\n`);
}

/** Writes one line to standard error. */
export function printError(line: string): void {
  write(Deno.stderr, `${line}\n`);
}

/**
 * A progress bar on standard error. A terminal shows it on one line; a file gets a line for each tenth.
 */
export function progressBar(stream: Stream = Deno.stderr): (done: number, of: number) => void {
  const isTerminal = stream.isTerminal();
  let shown = -1;
  return (done, of) => {
    const tenths = Math.floor(10 * done / of);
    if (!isTerminal && tenths === shown) return;
    shown = tenths;
    const bar = "#".repeat(Math.round(BAR_WIDTH * done / of)).padEnd(BAR_WIDTH, ".");
    const line = `[${bar}] ${done}/${of}`;
    write(stream, isTerminal ? `\r${line}${done === of ? "\n" : ""}` : `${line}\n`);
  };
}

function write(stream: Stream, text: string): void {
  let rest = encoder.encode(text);
  while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
}
