// Real-time priority (sched(7), SCHED_RR), below the kernel's threads and above all ordinary ones.

/** Asterisk's own priority with `-p`, as Debian's service starts it. */
export const ASTERISK_PRIORITY = 10;
const TELEPHONE_PRIORITY = 20;

/** Gives a thread real-time priority. Says so on standard error where that is refused. */
export async function setRealTime(thread: number): Promise<void> {
  const refused = await chrt(thread);
  if (refused === undefined) return;
  const line = `phones run without real-time priority, so times are less exact: ${refused}\n`;
  Deno.stderr.writeSync(new TextEncoder().encode(line));
}

/** @returns the reason when it is refused. */
async function chrt(thread: number): Promise<string | undefined> {
  try {
    const { success, stderr } = await new Deno.Command("chrt", {
      args: ["--rr", "-p", String(TELEPHONE_PRIORITY), String(thread)],
      stdin: "null",
      stdout: "null",
    }).output();
    return success ? undefined : new TextDecoder().decode(stderr).trim();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "there is no chrt (package util-linux)";
    throw error;
  }
}
