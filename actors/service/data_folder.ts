// DATA_DIR holds what callers said, so nobody else on the machine may list or read it. The one thing
// that another user needs in it is the sound of the last resort, which the PBX plays: the folder can
// therefore be passed through by name, and everything in it but `prompts/` is closed.

import { chmodSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { logger } from "../../config/logging.ts";

/** Enter by name, no listing: for the PBX on its way to `prompts/`. */
const FOLDER_MODE = 0o711;
/** What we keep in DATA_DIR that is for nobody else. */
const PRIVATE_FOLDERS = ["recordings", "phrase-cache"];
/** The cache of 0.2.0 and before, which kept what was said to one caller as well. */
const FORMER_CACHE = "tts-cache";
/** Reading, listing and writing by group and others. */
const OTHERS_READ_WRITE = 0o066;
const OTHERS_ALL = 0o077;
/** Set on folders that belong to everybody, such as /tmp. */
const STICKY = 0o1000;

/**
 * Makes DATA_DIR where there is none, and closes one that others can read, with our folders in it. A
 * folder that others use as well (/tmp, or one with files but no journal) keeps its mode, with a
 * warning. Never fails: what cannot be closed or made is logged, and the calls are taken.
 */
export function closeDataFolder(folder: string): void {
  try {
    if (mkdirSync(folder, { recursive: true, mode: FOLDER_MODE }) !== undefined) {
      chmodSync(folder, FOLDER_MODE); // Whatever the umask is.
      return;
    }
    const { mode } = statSync(folder);
    const names = readdirSync(folder);
    const ours = (mode & STICKY) === 0 && (names.length === 0 || names.includes("journal.sqlite"));
    if (ours) narrow(folder, OTHERS_READ_WRITE);
    else if (mode & OTHERS_READ_WRITE) complain(folder);
    if (ours && names.includes(FORMER_CACHE)) {
      rmSync(join(folder, FORMER_CACHE), { recursive: true });
    }
    for (const name of PRIVATE_FOLDERS) {
      if (names.includes(name)) narrow(join(folder, name), OTHERS_ALL);
    }
  } catch (error) {
    complain(folder, error);
  }
}

function narrow(path: string, mask: number): void {
  const { mode } = statSync(path);
  if ((mode & mask) !== 0) chmodSync(path, mode & ~mask & 0o777);
}

function complain(folder: string, error?: unknown): void {
  logger("journal").warn("other users of this machine may see what DATA_DIR holds", {
    folder,
    error,
    fix: "give the bot a folder of its own: DATA_DIR of the user who runs it, mode 711",
  });
}
