// Secrets stay with the part that uses them.

import { SCHEMA, type SettingName, type Settings } from "./settings.ts";

/** The settings as a part gets them that has use for these secrets only: the others are empty. */
export function withholdSecrets(settings: Settings, needed: readonly SettingName[]): Settings {
  const names = Object.keys(SCHEMA) as SettingName[];
  const withheld = names.filter((name) => SCHEMA[name].secret && !needed.includes(name));
  return { ...settings, ...Object.fromEntries(withheld.map((name) => [name, ""])) };
}
