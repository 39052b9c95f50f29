// What the machine must have before an Asterisk can be installed in a folder and run from it.

import { TestbedError } from "./error.ts";

/** Commands in use, and the Debian package each comes with. */
const COMMANDS = {
  chroot: "coreutils",
  mount: "mount",
  unshare: "util-linux",
  setpriv: "util-linux",
  chrt: "util-linux",
} as const;

/** What can be missing on this machine; split from the checks so that each message can be tested. */
export interface Machine {
  readonly os: string;
  readonly uid: number | null;
  has(command: string): Promise<boolean>;
  /** Whether a private mount namespace can be had; containers often refuse it. */
  canUnshare(): Promise<boolean>;
}

/** The machine this process runs on. */
export const thisMachine: Machine = {
  os: Deno.build.os,
  uid: Deno.uid(),
  has: (command) => succeeds("sh", ["-c", `command -v ${command}`]),
  canUnshare: () => succeeds("unshare", ["--mount", "true"]),
};

/**
 * Makes sure that a tree can be entered and Asterisk run in it.
 *
 * @throws {TestbedError} naming all that is missing, each with its cure.
 */
export async function requireChroot(machine: Machine = thisMachine): Promise<void> {
  if (machine.os !== "linux") {
    throw new TestbedError(
      `the test PBX is a Linux Asterisk and this is ${machine.os}: run the PBX tests on Linux`,
    );
  }
  const missing: string[] = [];
  if (machine.uid !== 0) {
    missing.push(
      "root: Asterisk is installed into a folder of its own and started there (debootstrap, chroot); " +
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
 * Makes sure that debootstrap is there: on a Debian-like machine it is installed, saying so.
 *
 * @throws {TestbedError} where it cannot be had.
 */
export async function requireDebootstrap(
  say: (line: string) => void,
  machine: Machine = thisMachine,
): Promise<void> {
  if (await machine.has("debootstrap")) return;
  const cure = "install the package debootstrap (it is in Debian, Ubuntu, Fedora, Arch)";
  if (!await machine.has("apt-get")) {
    throw new TestbedError(`debootstrap is missing, and there is no apt-get to get it: ${cure}`);
  }
  say("debootstrap is missing: installing it with apt-get");
  const failure = await aptInstall(["debootstrap", "debian-archive-keyring"]);
  if (failure !== undefined) {
    throw new TestbedError(
      `debootstrap is missing and apt-get could not install it: ${cure}\n${failure}`,
    );
  }
}

/** Installs packages on this machine; returns apt-get's last words when it fails. */
async function aptInstall(packages: readonly string[]): Promise<string | undefined> {
  const options = { env: { DEBIAN_FRONTEND: "noninteractive" }, stdin: "null" } as const;
  // The package lists may be absent (a container image) or old; that it fails shows at the install.
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
