// `deno task package`: makes dist/, which holds the release as a folder, as an archive, as one
// executable file and as a Debian package. The same sources, Deno and SOURCE_DATE_EPOCH give the same bytes.

import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sourceTimeFromEnvironment } from "../config/environment.ts";
import { VERSION } from "../config/version.ts";
import { print } from "../cli/print.ts";
import { sha256 } from "./checksums.ts";
import { run } from "./run.ts";
import { makeDeb } from "./deb.ts";
import { makeReleaseFolder } from "./release_folder.ts";
import { selfExtracting } from "./self_extracting.ts";

async function makePackages(): Promise<void> {
  const project = join(import.meta.dirname!, "..");
  const dist = join(project, "dist");
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  const time = sourceTimeFromEnvironment() ??
    Number(await run("git", ["-C", project, "log", "-1", "--format=%ct"]));
  const { os, arch } = Deno.build;
  const name = `asterisk-vox-bot-${VERSION}-${os}-${arch}`;

  makeReleaseFolder({ project, folder: join(dist, name), time });
  const archive = `${name}.tar.gz`;
  await run("sh", ["-c", ARCHIVE, "archive", dist, name, String(time), join(dist, archive)]);
  const executable = "asterisk-vox-bot";
  writeFileSync(
    join(dist, executable),
    await selfExtracting({ version: VERSION, archive: readFileSync(join(dist, archive)) }),
  );
  chmodSync(join(dist, executable), 0o755);

  const deb = `asterisk-vox-bot_${VERSION}_${{ x86_64: "amd64", aarch64: "arm64" }[arch]}.deb`;
  await makeDeb({
    release: join(dist, name),
    tree: join(dist, "deb"),
    path: join(dist, deb),
    version: VERSION,
    time,
  });

  const files = [archive, executable, deb];
  const sums = files.map((file) => `${sha256(join(dist, file))}  ${file}\n`);
  writeFileSync(join(dist, "SHA256SUMS"), sums.join(""));
  for (const file of [`${name}/`, ...files, "SHA256SUMS"]) print(`dist/${file}`);
}

/** Names in order, one time and one owner: nothing of this machine is in an archive. */
const ARCHIVE = `
tar --sort=name --mode=u+rw,go=rX --mtime="@$3" --owner=0 --group=0 --numeric-owner --format=gnu -C "$1" -cf - "$2" |
  gzip -n >"$4"
`;

if (import.meta.main) await makePackages();
