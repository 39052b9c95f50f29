// What a machine needs for an Asterisk that is installed in a folder and runs from it.

import { TestbedError } from "./error.ts";

/** The commands in use, each with its Debian package. */
const COMMANDS = {
  chroot: "coreutils",
  mount: "mount",
  unshare: "util-linux",
  setpriv: "util-linux",
  chrt: "util-linux",
} as const;

/** What can be missing on a machine, apart from the checks so that tests can try each message. */
export interface Machine {
  readonly os: string;
  readonly uid: number | null;
  has(command: string): Promise<boolean>;
  /** Whether a private mount namespace is allowed: containers often refuse it. */
  canUnshare(): Promise<boolean>;
}

/** The machine that this process runs on. */
export const thisMachine: Machine = {
  os: Deno.build.os,
  uid: Deno.uid(),
  has: (command) => succeeds("sh", ["-c", `command -v ${command}`]),
  canUnshare: () => succeeds("unshare", ["--mount", "true"]),
};

/**
 * Checks that Asterisk can run in a tree on this machine.
 *
 * @throws {TestbedError} naming everything that is missing, each with its cure.
 */
export async function requireChroot(machine: Machine = thisMachine): Promise<void> {
  if (machine.os !== "linux") {
    throw new TestbedError(
      `the test PBX is an Asterisk for Linux, and this is ${machine.os}: run the PBX tests on Linux`,
    );
  }
  const missing: string[] = [];
  if (machine.uid !== 0) {
    missing.push(
      "root, to install Asterisk into a folder and start it there (debootstrap, chroot): " +
        `run the command as root, e.g. with sudo (now: uid ${machine.uid})`,
    );
  }
  for (const [command, packageName] of Object.entries(COMMANDS)) {
    if (!await machine.has(command)) missing.push(`${command}: apt-get install ${packageName}`);
  }
  if (missing.length === 0 && !await machine.canUnshare()) {
    missing.push(
      "a mount namespace of its own (unshare --mount was refused): in a container, start it with " +
        "--privileged, or with --cap-add SYS_ADMIN and no seccomp profile",
    );
  }
  if (missing.length > 0) {
    throw new TestbedError(
      `the test PBX cannot be used here. Missing:\n${missing.map((m) => `  - ${m}`).join("\n")}`,
    );
  }
}

/**
 * Installs debootstrap if it is missing, and says so.
 *
 * @param say prints a line.
 * @throws {TestbedError} where it cannot be installed.
 */
export async function requireDebootstrap(
  say: (line: string) => void,
  machine: Machine = thisMachine,
): Promise<void> {
  if (await machine.has("debootstrap")) return;
  const cure = "install the package debootstrap (it is in Debian, Ubuntu, Fedora, Arch)";
  if (!await machine.has("apt-get")) {
    throw new TestbedError(
      `debootstrap is missing, and there is no apt-get to install it: ${cure}`,
    );
  }
  say("debootstrap is missing: installing it with apt-get");
  const failure = await aptInstall(["debootstrap", "debian-archive-keyring"]);
  if (failure !== undefined) {
    throw new TestbedError(
      `debootstrap is missing and apt-get could not install it: ${cure}\n${failure}`,
    );
  }
}

/** Installs packages on this machine. @returns apt-get's last output when it fails. */
async function aptInstall(packages: readonly string[]): Promise<string | undefined> {
  const options = { env: { DEBIAN_FRONTEND: "noninteractive" }, stdin: "null" } as const;
  // The package lists may be absent, as in container images, or old. A failure shows in the
  // install.
  await new Deno.Command("apt-get", { ...options, args: ["update", "-q"] }).output();
  const { success, stdout, stderr } = await new Deno.Command("apt-get", {
    ...options,
    args: ["install", "-q", "-y", "--no-install-recommends", ...packages],
  }).output();
  if (success) return undefined;
  const text = new TextDecoder();
  return `${text.decode(stdout)}${text.decode(stderr)}`.trimEnd().split("\n").slice(-10).join("\n");
}

async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(command, {
      args: [...args],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
