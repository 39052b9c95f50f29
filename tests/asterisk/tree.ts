// Running programs inside an installed tree.

/** How a program is run. */
export interface TreeOptions extends Pick<Deno.CommandOptions, "stdout" | "stderr"> {
  /** Real-time priority (sched(7), SCHED_RR), where it is granted. */
  readonly realTimePriority?: number;
}

/**
 * A command inside the tree, as its user `asterisk` and without the machine's environment. It has
 * /proc and /dev of its own, mounted where only it sees them and gone when it is, whatever ends it.
 * It dies with this process (strictly: with the thread that starts it), so that a test run that is
 * interrupted leaves nothing running. The process is the command itself, so signals reach it.
 */
export function inTree(
  tree: string,
  command: readonly string[],
  { realTimePriority, ...stdio }: TreeOptions = {},
): Deno.Command {
  // setpriv comes after chroot has changed the user: the kernel forgets the wish at such a change.
  // It reads /proc, at least where Debian is older than its release 12.
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
