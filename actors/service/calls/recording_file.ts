import { join } from "node:path";
import type { Settings } from "../../../config/settings.ts";

/** Where a call's recording is written, if it is recorded. */
export function recordingFile({ DATA_DIR }: Pick<Settings, "DATA_DIR">, callId: string): string {
  return join(DATA_DIR, "recordings", `${callId}.wav`);
}
