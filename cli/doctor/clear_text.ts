// What the settings send to other machines unencrypted: whoever is between can read it, and change it.

import { isLoopback } from "../../config/loopback.ts";
import type { Settings } from "../../config/settings.ts";

/** A way to another machine without encryption. */
export interface ClearText {
  /** The setting that names the machine. */
  readonly setting: keyof Settings;
  readonly host: string;
  /** What travels readably. */
  readonly exposes: string;
}

/** What each address carries, by its setting. */
const CARRIED = {
  ARI_HTTP_URL: "the PBX's password, and control of its calls",
  OPENAI_BASE_URL: "the model's key and what callers say",
  CHROMA_URL: "what callers ask",
  YANDEX_EMBEDDING_URL: "Yandex credentials and what callers ask",
  YANDEX_STT_ENDPOINT: "Yandex credentials and callers' voices",
  YANDEX_TTS_ENDPOINT: "Yandex credentials and the answers",
  YANDEX_TTS_V1_ENDPOINT: "Yandex credentials and the answers",
  YANDEX_IAM_ENDPOINT: "the token that opens Yandex's services",
} satisfies { readonly [name in keyof Settings]?: string };

/** The settings that it looks at. */
export type ClearTextSettings = Pick<Settings, keyof typeof CARRIED | "MEDIA_HOST">;

/** Every setting that sends something unencrypted to, or takes it from, another machine. */
export function clearText(settings: ClearTextSettings): ClearText[] {
  const found: ClearText[] = [];
  for (const setting of Object.keys(CARRIED) as (keyof typeof CARRIED)[]) {
    // gRPC endpoints are encrypted unless they begin with http://; the others are URLs.
    const address = URL.parse(settings[setting]);
    if (address?.protocol !== "http:" || isLoopback(address.hostname)) continue;
    found.push({ setting, host: address.hostname, exposes: CARRIED[setting] });
  }
  if (!isLoopback(settings.MEDIA_HOST)) {
    found.push({ setting: "MEDIA_HOST", host: settings.MEDIA_HOST, exposes: "the calls' audio" });
  }
  return found;
}
