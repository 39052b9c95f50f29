// Running programs inside an installed tree.

/** How a program runs. */
export interface TreeOptions extends Pick<Deno.CommandOptions, "stdout" | "stderr"> {
  /** Real-time priority (sched(7), SCHED_RR), where the machine grants it. */
  readonly realTimePriority?: number;
}

/**
 * A command inside the tree, run as the tree's user `asterisk` without the machine's environment.
 * It has its own /proc and /dev, mounted where only it sees them, which vanish with it however it
 * ends. It dies with this process (strictly: with the thread that starts it), so that an
 * interrupted test run leaves nothing running. The process is the command itself, so signals reach
 * it.
 */
export function inTree(
  tree: string,
  command: readonly string[],
  { realTimePriority, ...stdio }: TreeOptions = {},
): Deno.Command {
  // setpriv comes after chroot has changed the user, because the kernel clears pdeathsig at such a
  // change. It reads /proc, at least before Debian 12.
  const script = `
    tree=$0 priority=$1; shift
    mount -t proc proc "$tree/proc" && mount --rbind /dev "$tree/dev" || exit
    [ -z "$priority" ] || chrt --rr -p "$priority" $$
    exec chroot --userspec=asterisk:asterisk "$tree" setpriv --pdeathsig KILL "$@"`;
  return new Deno.Command("unshare", {
    args: ["--mount", "sh", "-c", script, tree, String(realTimePriority ?? ""), ...command],
    ...SEALED,
    ...stdio,
  });
}

const SEALED = {
  cwd: "/",
  clearEnv: true,
  env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8", HOME: "/var/lib/asterisk" },
  stdin: "null",
  stdout: "piped",
  stderr: "piped",
} as const;
