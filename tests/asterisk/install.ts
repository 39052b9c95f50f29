// Installs an Asterisk on a minimal Debian into .cache/ of the checkout, which git ignores.
// Packages of the machine itself are not touched.

import { TestbedError } from "./error.ts";
import { requireChroot, requireDebootstrap } from "./prerequisites.ts";
import { Progress } from "./progress.ts";
import { type Release, type ReleaseName, RELEASES } from "./releases.ts";

const CACHE = new URL("../../.cache/", import.meta.url).pathname;
/** In the tree, the recipe it was made by. Written last: a tree that has it is complete. */
const RECIPE = "etc/voxbot-testbed.json";

/** Runs in a mount namespace of its own, so that its mounts vanish with it, however it ends. */
const INSTALL_SCRIPT = `
set -e
tree=$1 debs=$2 suite=$3; shift 3
debootstrap --variant=minbase --cache-dir="$debs" "$suite" "$tree"
# No installed service may start by itself: it would run on the machine's own network.
printf '#!/bin/sh\\nexit 101\\n' > "$tree/usr/sbin/policy-rc.d"
chmod 755 "$tree/usr/sbin/policy-rc.d"
mount -t proc proc "$tree/proc"
mount --rbind /dev "$tree/dev"
mount --bind "$debs" "$tree/var/cache/apt/archives"
apt="chroot $tree apt-get -q -y -o APT::Sandbox::User=root -o Acquire::Languages=none"
# A mirror that lags behind, or an archived release, will do: signatures are still verified.
$apt -o Acquire::Check-Valid-Until=false update
$apt install --no-install-recommends "$@"
rm -rf "$tree"/var/lib/apt/lists/*
`;

/**
 * Installs a release unless it is installed. An interrupted install starts again with the packages
 * it had downloaded. Concurrent processes wait for one another.
 *
 * @returns the absolute path of the tree, the root folder that Asterisk runs in.
 * @throws {TestbedError} naming what is missing, or how the install failed.
 */
export async function installAsterisk(name: ReleaseName = "22"): Promise<string> {
  const release: Release = RELEASES[name];
  await requireChroot();
  await Deno.mkdir(CACHE, { recursive: true });
  const tree = `${CACHE}asterisk-${name}`;
  using lock = await Deno.open(`${tree}.lock`, { create: true, write: true });
  await lock.lock(true);
  if (await isInstalled(tree, release)) return tree;

  const progress = new Progress(`Asterisk ${name}`);
  await requireDebootstrap((line) => progress.line(line));
  progress.line(`installing into ${tree} (once, about 800 MB)`);
  const partial = `${tree}.partial`;
  const debs = `${tree}.debs`;
  await remove(partial);
  await Deno.mkdir(`${debs}/partial`, { recursive: true });
  await run([partial, debs, release.suite, ...release.packages], `${tree}.install.log`, progress);
  await Deno.writeTextFile(`${partial}/${RECIPE}`, recipeOf(release));
  await remove(tree);
  await Deno.rename(partial, tree);
  await remove(debs);
  progress.line("installed");
  return tree;
}

async function run(args: readonly string[], logPath: string, progress: Progress): Promise<void> {
  using log = await Deno.open(logPath, { create: true, write: true, truncate: true });
  // When this process dies, the kernel kills unshare (pdeathsig), which kills everything below it.
  const child = new Deno.Command("setpriv", {
    args: [
      ...["--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child"],
      ...["sh", "-c", `exec 2>&1\n${INSTALL_SCRIPT}`, "install", ...args],
    ],
    env: { DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const last: string[] = [];
  for await (const line of linesOf(child.stdout)) {
    await log.write(new TextEncoder().encode(`${line}\n`));
    last.push(line);
    if (last.length > 12) last.shift();
    progress.step(line);
  }
  const { success, code } = await child.status;
  progress.clear();
  if (success) return;
  throw new TestbedError(
    `the install ended with code ${code}. Its last output:\n  ${last.join("\n  ")}\n` +
      `Full log: ${logPath}. If a download failed, check that this machine reaches its ` +
      "Debian mirror (http_proxy is respected), then run the same command again.",
  );
}

async function* linesOf(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncIterable<string> {
  let rest = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split(/\r?\n|\r/);
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

async function isInstalled(tree: string, release: Release): Promise<boolean> {
  try {
    return await Deno.readTextFile(`${tree}/${RECIPE}`) === recipeOf(release);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function recipeOf(release: Release): string {
  return `${JSON.stringify(release)}\n`;
}

async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
