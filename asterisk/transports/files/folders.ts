// Whether this process may use the PBX's folders that the files transport needs.

import type { MediaPlan } from "../../../media/transport.ts";
import { FolderError } from "../error.ts";
import { PhraseFiles } from "./phrase_files.ts";

/** The folders of a plan; see `MediaPlan`. */
export type FoldersInUse = Pick<
  Extract<MediaPlan, { kind: "files" }>,
  "soundsDir" | "language" | "recordingDir"
>;

/**
 * Writes to the one folder and lists the other.
 *
 * @returns why files cannot carry calls there; undefined when they can.
 */
export async function folderProblem(folders: FoldersInUse): Promise<FolderError | undefined> {
  try {
    await using _written = await PhraseFiles.open(folders.soundsDir, folders.language);
    await list(folders.recordingDir);
    return undefined;
  } catch (error) {
    if (error instanceof FolderError) return error;
    throw error;
  }
}

async function list(recordingDir: string): Promise<void> {
  try {
    await Array.fromAsync(Deno.readDir(recordingDir));
  } catch (error) {
    const cure = error instanceof Deno.errors.PermissionDenied
      ? "let this process read the PBX's recordings, for example as a member of its group"
      : "set ASTERISK_RECORDING_DIR to where the PBX records (<astspooldir>/recording), and create " +
        "that folder for the PBX's user if there is none";
    throw new FolderError(
      `cannot hear callers from ${recordingDir} (${(error as Error).message})`,
      cure,
      error,
    );
  }
}
