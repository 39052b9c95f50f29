// SHA-256 sums as `sha256sum --check` reads them.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A file's SHA-256, in hexadecimal digits. */
export function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** A line for each file under `folder`, sorted by name; links are none. */
export function checksums(folder: string): string {
  return filesUnder(folder).sort().map((path) => `${sha256(join(folder, path))}  ${path}\n`)
    .join("");
}

function filesUnder(folder: string, below = ""): string[] {
  return readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = join(below, entry.name);
    if (entry.isDirectory()) return filesUnder(folder, path);
    return entry.isFile() ? [path] : [];
  });
}
