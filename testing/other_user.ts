// What a user of the machine who owns nothing can read: for tests that root runs.

import { join } from "node:path";

/** `nobody` of most systems. It need not exist. */
const NOBODY = 65_534;

/** The paths of all files in a folder, as root sees them. */
export async function everyFile(folder: string): Promise<string[]> {
  const paths = await Array.fromAsync(Deno.readDir(folder), async ({ name, isDirectory }) => {
    const path = join(folder, name);
    return isDirectory ? await everyFile(path) : [path];
  });
  return paths.flat();
}

/** Those of the files that a user who owns nothing can read. Becoming that user takes root. */
export async function readByNobody(paths: readonly string[]): Promise<string[]> {
  const script = 'for path; do [ -r "$path" ] && printf "%s\\n" "$path"; done; true';
  return await linesOfNobody("sh", ["-c", script, "sh", ...paths]);
}

/** What a user who owns nothing sees in a folder. */
export async function listedByNobody(folder: string): Promise<string[]> {
  return await linesOfNobody("sh", ["-c", 'ls "$1" 2> /dev/null; true', "sh", folder]);
}

async function linesOfNobody(command: string, args: string[]): Promise<string[]> {
  const options = { args, uid: NOBODY, gid: NOBODY, stderr: "inherit" } as const;
  const { success, stdout } = await new Deno.Command(command, options).output();
  if (!success) throw new Error(`${command} failed as user ${NOBODY}`);
  return new TextDecoder().decode(stdout).split("\n").filter((line) => line !== "");
}
