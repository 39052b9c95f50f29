import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "../../../config/settings.ts";

/** Where a call's recording is written, if it is recorded. */
export function recordingFile({ DATA_DIR }: Pick<Settings, "DATA_DIR">, callId: string): string {
  return join(DATA_DIR, "recordings", `${callId}.wav`);
}

/** A call's recording, if there is one. */
export function existingRecording(
  settings: Pick<Settings, "DATA_DIR">,
  callId: string,
): string | undefined {
  const path = recordingFile(settings, callId);
  return existsSync(path) ? path : undefined;
}
