// The only place that reads the environment of the process.

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
