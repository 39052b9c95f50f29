// Prints the flags that `deno task start` runs the service with, on one line: its permissions, as the
// settings have them, and no more. Its argument is the hard limit of open files.
//
// The task tries with what is installed, so that a start asks no registry, and only in a folder where
// nothing is installed yet a second time without --cached-only, which installs it.
//
// Wrong settings are left to the service, which names them and ends with its own exit code.

import {
  notifySocketFromEnvironment,
  proxiesFromEnvironment,
  settingsFromEnvironment,
} from "../config/environment.ts";
import { SettingsError } from "../config/read_settings.ts";
import { fewFilesFor } from "./open_files.ts";
import { findAddon, findProject, flagsOfARefusal, permissionFlags } from "./permissions.ts";
import { print, printError } from "./print.ts";

if (import.meta.main) print(flags(Deno.args).join(" "));

function flags([hardLimit]: readonly string[]): string[] {
  try {
    const settings = settingsFromEnvironment();
    const warning = fewFilesFor(settings.MAX_CALLS, Number(hardLimit));
    if (warning) printError(`${warning.what}: ${warning.cure}`);
    return permissionFlags(settings, {
      addon: findAddon(),
      project: findProject(),
      notifySocket: notifySocketFromEnvironment()?.path,
      proxies: proxiesFromEnvironment(),
    });
  } catch (error) {
    if (error instanceof SettingsError) return flagsOfARefusal({ project: findProject() });
    throw error;
  }
}
