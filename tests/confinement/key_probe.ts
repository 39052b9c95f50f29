// Reads the key file as the start of the service does, gives it up, and tries again: prints what each
// attempt came to.

import { giveUpKeyFile } from "../../cli/permissions.ts";
import { print } from "../../cli/print.ts";
import { settingsFromEnvironment } from "../../config/environment.ts";

const settings = settingsFromEnvironment();
const attempts = [canRead(settings.YANDEX_SERVICE_ACCOUNT_KEY_FILE)];
giveUpKeyFile(settings);
attempts.push(canRead(settings.YANDEX_SERVICE_ACCOUNT_KEY_FILE), canRead("main.ts"));
print(attempts.join(" "));

function canRead(path: string): "read" | "refused" {
  try {
    Deno.readTextFileSync(path);
    return "read";
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    return "refused";
  }
}
