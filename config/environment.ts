// The one place where the process's environment is read.

import { readSettings } from "./read_settings.ts";
import type { Settings } from "./settings.ts";

/**
 * The settings of this process.
 *
 * @throws {SettingsError} naming everything that is wrong.
 */
export function settingsFromEnvironment(): Settings {
  return readSettings(Deno.env.toObject());
}
