// Where the apology of last resort lies: a call isolate renders it, and the service has the PBX play
// it when no isolate can speak any more.

import { isAbsolute, join, resolve } from "node:path";
import type { Settings } from "../config/settings.ts";

/** The apology's WAV file, without its ending. */
export function lastResortSound(
  { DATA_DIR, ASTERISK_LANG, ASTERISK_SOUNDS_DIR }: Settings,
): string {
  const folder = ASTERISK_SOUNDS_DIR || join(DATA_DIR, "prompts");
  const path = join(folder, `voxbot-last-resort-${ASTERISK_LANG}`);
  return isAbsolute(path) ? path : resolve(path);
}
