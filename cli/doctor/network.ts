// Does anything of calls or keys cross the network readably?

import { clearText, type ClearTextSettings } from "./clear_text.ts";
import { type Findings, note, ok } from "./finding.ts";

/** Notes each way to another machine without encryption: a closed network may be meant. */
export async function* checkNetwork(settings: ClearTextSettings): Findings {
  const found = clearText(settings);
  if (found.length === 0) yield ok("nothing goes unencrypted to another machine");
  for (const { setting, host, exposes } of found) {
    const cure = setting === "MEDIA_HOST"
      ? "use a network of the PBX and the bot alone, or a VPN, or run the bot on the PBX"
      : "use an https address, or a network or VPN that nobody else reads";
    yield note(`${setting} (${host}): ${exposes}, unencrypted`, cure);
  }
}
