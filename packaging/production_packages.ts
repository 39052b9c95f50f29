// Which of the installed npm packages production needs: those that package.json names as dependencies,
// and all that these ask for.

import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";

/** An installed package. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression, as its author wrote it. */
  readonly license: string;
  /** Its files, in Deno's store. */
  readonly folder: string;
  /** Its entry of Deno's store, `node_modules/.deno/<name@version>`, with links to what it asks for. */
  readonly entry: string;
}

/**
 * The packages by name and version, sorted. Follows the links of Deno's store, so that what
 * `overrides` of package.json replaces is seen as it is.
 *
 * @param project its folder, with packages installed.
 */
export function productionPackages(project: string): InstalledPackage[] {
  const { dependencies } = readJson(join(project, "package.json"));
  const packages = join(project, "node_modules");
  const store = realpathSync(join(packages, ".deno"));
  const found = new Map<string, InstalledPackage>();
  const open = Object.keys(dependencies ?? {}).map((name) => realpathSync(join(packages, name)));
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    if (found.has(folder)) continue;
    const entry = join(store, relative(store, folder).split("/")[0]!);
    const { name, version, license } = readJson(join(folder, "package.json"));
    found.set(folder, { name: name!, version: version!, license: license ?? "", folder, entry });
    open.push(...linked(join(entry, "node_modules")));
  }
  const key = ({ name, version }: InstalledPackage) => `${name}@${version}`;
  return [...found.values()].sort((a, b) => key(a) < key(b) ? -1 : 1);
}

/** The real folders of all packages in a `node_modules` folder. */
function linked(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return name.startsWith("@") && basename(dirname(path)) === "node_modules"
      ? readdirSync(path).map((inner) => realpathSync(join(path, inner)))
      : [realpathSync(path)];
  });
}

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

function readJson(path: string): Manifest {
  return JSON.parse(readFileSync(path, "utf8"));
}
