// Deletes files of DATA_DIR that have been kept long enough: recordings, and journals that were set
// aside because they were damaged. Other files are somebody else's and stay.

import { join } from "node:path";

/** As `newCallId` makes them. */
const RECORDING = /^([a-r]{12})\.wav$/;
const DAMAGED_JOURNAL = /^journal\.sqlite\.damaged-[\dTZ-]+(-wal|-shm)?$/;

/**
 * Deletes the recordings that nobody has written to since `before` (milliseconds since the epoch). A
 * recording needs no call in the journal for that.
 *
 * @param isUp whether a call is up: its recording stays, however long nobody has spoken.
 * @returns how many were deleted.
 * @throws {Deno.errors} when the folder or a file does not allow it.
 */
export async function deleteOldRecordings(
  dataDir: string,
  before: number,
  isUp: (callId: string) => boolean,
): Promise<number> {
  return await deleteOld(join(dataDir, "recordings"), before, (name) => {
    const id = RECORDING.exec(name)?.[1];
    return id !== undefined && !isUp(id);
  });
}

/** Deletes journals that were set aside before `before`; otherwise as `deleteOldRecordings`. */
export async function deleteOldJournals(dataDir: string, before: number): Promise<number> {
  return await deleteOld(dataDir, before, (name) => DAMAGED_JOURNAL.test(name));
}

/** Deletes a call's recording; false when there is none. @throws {Deno.errors} as above. */
export async function deleteRecording(path: string): Promise<boolean> {
  try {
    await Deno.remove(path);
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return false;
  }
}

async function deleteOld(
  folder: string,
  before: number,
  isOurs: (name: string) => boolean,
): Promise<number> {
  let deleted = 0;
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (!isFile || !isOurs(name)) continue;
      const path = join(folder, name);
      const { mtime } = await Deno.lstat(path);
      if (mtime && mtime.getTime() < before && await deleteRecording(path)) deleted++;
    }
  } catch (error) {
    // No call was recorded yet, or an operator tidies up as well.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return deleted;
}
