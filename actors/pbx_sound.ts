// The sentences that the PBX itself plays, and where they lie: a call isolate renders each into a
// file, and the service has the PBX play it where no isolate speaks.

import { isAbsolute, join, resolve } from "node:path";
import type { Settings } from "../config/settings.ts";

/**
 * Such a sentence, by its name in the prompts file: the apology of last resort, and the notices that
 * all lines are busy, to a caller who waits and to one who is handed over.
 */
export type PbxSound = "last_resort" | "busy_wait" | "busy_handover";

/** The sounds that the PBX may be asked for with these settings. */
export function soundsInUse(
  { OVERLOAD }: Pick<Settings, "OVERLOAD">,
): readonly PbxSound[] {
  switch (OVERLOAD) {
    case "queue":
      return ["last_resort", "busy_wait", "busy_handover"];
    case "fallback":
      return ["last_resort", "busy_handover"];
    case "busy":
      return ["last_resort"];
  }
}

/** A sound's WAV file, without its ending. */
export function pbxSoundFile(
  sound: PbxSound,
  { DATA_DIR, ASTERISK_LANG, ASTERISK_SOUNDS_DIR }: Pick<
    Settings,
    "DATA_DIR" | "ASTERISK_LANG" | "ASTERISK_SOUNDS_DIR"
  >,
): string {
  const folder = ASTERISK_SOUNDS_DIR || join(DATA_DIR, "prompts");
  const path = join(folder, `voxbot-${sound.replace("_", "-")}-${ASTERISK_LANG}`);
  return isAbsolute(path) ? path : resolve(path);
}
