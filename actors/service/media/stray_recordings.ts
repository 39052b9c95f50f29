// The raw audio of calls over the files transport, which lies on the PBX while a call is up: what dead
// isolates and an earlier run of the service have left of it is removed.

import type { AriCommands } from "../../../asterisk/ari/mod.ts";
import { isCallRecording } from "../../../asterisk/transports/files/files_control.ts";
import { logger } from "../../../config/logging.ts";

const log = logger("files");

/** The commands that find and remove recordings. */
export type RecordingCommands = Pick<
  AriCommands,
  "deleteStoredRecording" | "isRecording" | "storedRecordings"
>;

/**
 * Removes the recordings of calls that are over. One that is being made stays, whosever it is, so
 * this may run at any time and beside another bot. A failure is logged: the next sweep makes up for
 * it.
 */
export async function sweepRecordings(commands: RecordingCommands): Promise<void> {
  try {
    let removed = 0;
    for (const { name, format } of await commands.storedRecordings()) {
      if (!isCallRecording(name, format) || await commands.isRecording(name)) continue;
      await commands.deleteStoredRecording(name);
      removed++;
    }
    if (removed > 0) {
      log.info("callers' audio of earlier calls was removed from the PBX", { removed });
    }
  } catch (error) {
    log.warn("callers' audio of earlier calls may be left on the PBX; the next sweep tries again", {
      fix: "look for voxbot-*.sln96 in <astspooldir>/recording",
      error,
    });
  }
}
