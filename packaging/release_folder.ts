// The folder of a release: Deno, our sources, the packages that production needs, and an inventory.

import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import denoJson from "../deno.json" with { type: "json" };
import packageJson from "../package.json" with { type: "json" };
import { VERSION } from "../config/version.ts";
import { checksums, sha256 } from "./checksums.ts";
import { billOfMaterials, licences } from "./inventory.ts";
import { launcher } from "./launcher.ts";
import { type InstalledPackage, productionPackages } from "./production_packages.ts";

/** What of the project's folder no operator needs. */
const NOT_SHIPPED =
  /^(\..*|node_modules|dist|data|tests|packaging|deno\.(json|lock)|package\.json)$/;
const TEST_FILE = /_(test|rig|fixture)\.ts$/;
/** Types and maps: Deno checks and debugs nothing here. */
const DEVELOPERS_FILE = /\.(d\.[cm]?ts|map)$/;

/**
 * Makes the folder anew. Needs installed packages, and runs in the Deno that the release will carry.
 *
 * @param time in seconds since 1970, of the bill of materials.
 */
export function makeReleaseFolder(
  { project, folder, time }: {
    readonly project: string;
    readonly folder: string;
    readonly time: number;
  },
): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "bin"), { recursive: true });
  for (const name of readdirSync(project)) {
    if (NOT_SHIPPED.test(name)) continue;
    copy(join(project, name), join(folder, name), (path) => !TEST_FILE.test(path));
  }
  copyFileSync(join(project, ".env.example"), join(folder, ".env.example"));

  const deno = join(folder, "bin/deno");
  copyFileSync(Deno.execPath(), deno);
  writeFileSync(join(folder, "bin/asterisk-vox-bot"), launcher(denoJson.tasks));
  for (const name of ["deno", "asterisk-vox-bot"]) chmodSync(join(folder, "bin", name), 0o755);

  const packages = productionPackages(project);
  copyPackages(project, packages, folder);
  const { devDependencies: _, overrides: __, ...manifest } = packageJson;
  // Packages lie where they are: nothing is installed, compared with a lock or looked up.
  writeJson(join(folder, "deno.json"), {
    nodeModulesDir: "manual",
    lock: false,
    unstable: denoJson.unstable,
  });
  writeJson(join(folder, "package.json"), manifest);
  writeJson(
    join(folder, "sbom.cdx.json"),
    billOfMaterials({
      version: VERSION,
      packages,
      lock: JSON.parse(readFileSync(join(project, "deno.lock"), "utf8")),
      deno: { version: Deno.version.deno, sha256: sha256(deno) },
      time,
    }),
  );
  writeFileSync(join(folder, "THIRD_PARTY_LICENSES"), licences(packages, denoLicence()));
  writeFileSync(join(folder, "SHA256SUMS"), checksums(folder));
}

function copyPackages(
  project: string,
  packages: readonly InstalledPackage[],
  folder: string,
): void {
  const target = join(folder, "node_modules");
  for (const entry of new Set(packages.map((one) => one.entry))) {
    copy(entry, join(target, ".deno", basename(entry)), isUsed);
  }
  for (const name of Object.keys(packageJson.dependencies)) {
    const link = join(target, name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(readlinkSync(join(project, "node_modules", name)), link);
  }
}

/** ONNX Runtime ships its library for each system; a release is for this one. */
function isUsed(path: string): boolean {
  const [, system] = /\/onnxruntime-node\/bin\/napi-v\d+\/(\w+(?:\/\w+)?)/.exec(path) ?? [];
  const { os, arch } = Deno.build;
  const ours = `${os}/${{ x86_64: "x64", aarch64: "arm64" }[arch]}`;
  if (system !== undefined && system !== ours && system !== os) return false;
  return !DEVELOPERS_FILE.test(path);
}

/** Copies what `wanted` says of each path; links stay links, modes are those of any release. */
function copy(from: string, to: string, wanted: (path: string) => boolean): void {
  const stat = lstatSync(from);
  if (!wanted(from)) return;
  if (stat.isSymbolicLink()) {
    symlinkSync(readlinkSync(from), to);
  } else if (stat.isDirectory()) {
    mkdirSync(to, { recursive: true });
    for (const name of readdirSync(from)) copy(join(from, name), join(to, name), wanted);
  } else {
    copyFileSync(from, to);
    chmodSync(to, 0o644);
  }
}

/** Its npm package has it beside the binary, or in the package that chose the binary. */
function denoLicence(): string {
  const beside = dirname(Deno.execPath());
  const found = [beside, join(beside, "../../deno")].map((folder) => join(folder, "LICENSE"))
    .find((path) => existsSync(path));
  return found
    ? readFileSync(found, "utf8")
    : "License: MIT, https://github.com/denoland/deno/blob/main/LICENSE.md";
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}
