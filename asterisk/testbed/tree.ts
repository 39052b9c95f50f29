// Running programs inside an installed tree.

/**
 * A command inside the tree, as its user `asterisk` and without the machine's environment. It dies
 * with this process (strictly: with the thread that starts it), so that a test run that is
 * interrupted leaves nothing running.
 */
export function inTree(
  tree: string,
  command: readonly string[],
  stdio: Pick<Deno.CommandOptions, "stdout" | "stderr"> = {},
): Deno.Command {
  return new Deno.Command("chroot", {
    args: ["--userspec=asterisk:asterisk", tree, ...dyingWithParent(command)],
    ...SEALED,
    ...stdio,
  });
}

/**
 * As `inTree`, with /proc and /dev of its own (mounted where only the command sees them, and gone
 * when it is, whatever ends it) and real-time priority where that is granted. The process is the
 * command itself, so signals reach it.
 */
export function inMountedTree(
  tree: string,
  command: readonly string[],
  realTimePriority: number,
): Deno.Command {
  const script = `
    tree=$0 priority=$1; shift
    mount -t proc proc "$tree/proc" && mount --rbind /dev "$tree/dev" || exit
    chrt --rr -p "$priority" $$
    exec chroot --userspec=asterisk:asterisk "$tree" "$@"`;
  return new Deno.Command("unshare", {
    args: [
      ...["--mount", "sh", "-c", script, tree, String(realTimePriority)],
      ...dyingWithParent(command),
    ],
    ...SEALED,
  });
}

/** setpriv comes after chroot has changed the user: the kernel forgets the wish at such a change. */
function dyingWithParent(command: readonly string[]): string[] {
  return ["setpriv", "--pdeathsig", "KILL", ...command];
}

const SEALED = {
  cwd: "/",
  clearEnv: true,
  env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8", HOME: "/var/lib/asterisk" },
  stdin: "null",
  stdout: "piped",
  stderr: "piped",
} as const;
