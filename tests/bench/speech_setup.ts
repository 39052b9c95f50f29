// Shared by the speech benchmarks.

import { settingsWith } from "../../config/read_settings.ts";
import type { Settings } from "../../config/settings.ts";
import type { YandexGrpcServer } from "../servers/yandex/yandex_grpc_server.ts";

export const never = new AbortController().signal;

/** Settings that use only this stand-in for Yandex. */
export function yandexOnly(server: YandexGrpcServer, changes: Partial<Settings> = {}): Settings {
  return settingsWith({
    ASR_PROVIDER: ["yandex"],
    TTS_PROVIDER: ["yandex"],
    TTS_CACHE_MB: 0,
    YANDEX_API_KEY: "test-key",
    YANDEX_STT_ENDPOINT: server.endpoint,
    YANDEX_TTS_ENDPOINT: server.endpoint,
    ...changes,
  });
}
