// What the commands say to the person who typed them; everything else is a log line.

const encoder = new TextEncoder();

/** Writes one line to standard output. */
export function print(line = ""): void {
  let rest = encoder.encode(`${line}\n`);
  while (rest.length > 0) rest = rest.subarray(Deno.stdout.writeSync(rest));
}

/** Writes one line to standard error. */
export function printError(line: string): void {
  let rest = encoder.encode(`${line}\n`);
  while (rest.length > 0) rest = rest.subarray(Deno.stderr.writeSync(rest));
}
