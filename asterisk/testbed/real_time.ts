// Real-time priority (sched(7), SCHED_RR): below the kernel's own, above everything ordinary.

/** The priority Asterisk gives itself with `-p`, as Debian's service starts it. */
export const ASTERISK_PRIORITY = 10;
const TELEPHONE_PRIORITY = 20;

/** Gives a thread real-time priority; says so on standard error where that is refused. */
export async function setRealTime(thread: number): Promise<void> {
  const { success, stderr } = await new Deno.Command("chrt", {
    args: ["--rr", "-p", String(TELEPHONE_PRIORITY), String(thread)],
    stdin: "null",
    stdout: "null",
  }).output();
  if (success) return;
  const reason = new TextDecoder().decode(stderr).trim();
  const line = `telephones run without real-time priority, so times are less exact: ${reason}\n`;
  Deno.stderr.writeSync(new TextEncoder().encode(line));
}
