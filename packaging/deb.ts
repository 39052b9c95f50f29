// The Debian package: the release in /usr/lib, settings in /etc, data in /var/lib, a systemd unit.

import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { run } from "./run.ts";

const FILES = join(import.meta.dirname!, "debian");

/** Where the release lies once it is installed, and where its files are found. */
const HOME = "usr/lib/asterisk-vox-bot";

/**
 * Makes the package of a release's folder with dpkg-deb, which any machine may have (package `dpkg`).
 *
 * @param time in seconds since 1970, of everything in it.
 */
export async function makeDeb(
  { release, tree, path, version, time }: {
    readonly release: string;
    /** An absent folder, to put the package's files together in. */
    readonly tree: string;
    readonly path: string;
    readonly version: string;
    readonly time: number;
  },
): Promise<void> {
  mkdirSync(join(tree, dirname(HOME)), { recursive: true });
  cpSync(release, join(tree, HOME), { recursive: true, verbatimSymlinks: true });
  put(join(FILES, "place.sh"), join(tree, HOME, "etc/place.sh"), 0o644);
  put(join(release, ".env.example"), join(tree, "etc/asterisk-vox-bot/.env"), 0o600);
  const unit = "asterisk-vox-bot.service";
  put(join(FILES, unit), join(tree, "lib/systemd/system", unit), 0o644);
  put(join(release, "LICENSE"), join(tree, "usr/share/doc/asterisk-vox-bot/copyright"), 0o644);
  mkdirSync(join(tree, "usr/bin"));
  symlinkSync(
    "../lib/asterisk-vox-bot/bin/asterisk-vox-bot",
    join(tree, "usr/bin/asterisk-vox-bot"),
  );

  for (const script of ["postinst", "prerm", "postrm"]) {
    put(join(FILES, script), join(tree, "DEBIAN", script), 0o755);
  }
  write(join(tree, "DEBIAN/conffiles"), "/etc/asterisk-vox-bot/.env\n");
  write(join(tree, "DEBIAN/control"), control(version, await kilobytes(tree)));
  await run("sh", ["-c", MODES, "modes", tree]);
  await new Deno.Command("dpkg-deb", {
    args: ["--root-owner-group", "-Zgzip", "--build", tree, path],
    env: { SOURCE_DATE_EPOCH: String(time) },
  }).output().then(({ success, stderr }) => {
    if (!success) throw new Error(`dpkg-deb failed: ${new TextDecoder().decode(stderr)}`);
  });
  utimesSync(path, time, time);
  rmSync(tree, { recursive: true });
}

/** Whatever the umask of who makes it: readable by all, but for the settings. */
const MODES = `
chmod -R u+rw,go=rX "$1"
chmod 600 "$1/etc/asterisk-vox-bot/.env"
`;

/** The libraries are those that Deno's binary and ONNX Runtime are linked with. */
function control(version: string, size: number): string {
  const architecture = { x86_64: "amd64", aarch64: "arm64" }[Deno.build.arch];
  return `Package: asterisk-vox-bot
Version: ${version}
Architecture: ${architecture}
Maintainer: The asterisk-vox-bot project <asterisk-vox-bot@localhost>
Installed-Size: ${size}
Depends: libc6 (>= 2.28), libgcc-s1, libstdc++6, passwd, util-linux
Suggests: asterisk
Section: comm
Priority: optional
Description: voice assistant that answers the calls of an Asterisk
 Recognises what callers say, answers from a knowledge base or with a language
 model, and hands calls over to people. It carries its own runtime and speech
 models, and needs no network to start.
`;
}

async function kilobytes(folder: string): Promise<number> {
  return Number((await run("du", ["-sk", "--apparent-size", folder])).split("\t")[0]);
}

function put(from: string, to: string, mode: number): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
  chmodSync(to, mode);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
