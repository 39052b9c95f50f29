// Each part of the service gets only the secrets it uses.

import { SCHEMA, type SettingName, type Settings } from "./settings.ts";

/** The settings with every secret emptied but those `needed`. */
export function withholdSecrets(settings: Settings, needed: readonly SettingName[]): Settings {
  const names = Object.keys(SCHEMA) as SettingName[];
  const withheld = names.filter((name) => SCHEMA[name].secret && !needed.includes(name));
  return { ...settings, ...Object.fromEntries(withheld.map((name) => [name, ""])) };
}

/** The values of the settings that are secret, as `hideValues` takes them. */
export function secretsOf(settings: Settings): string[] {
  const names = Object.keys(SCHEMA) as SettingName[];
  return names.filter((name) => SCHEMA[name].secret).map((name) => String(settings[name]));
}
