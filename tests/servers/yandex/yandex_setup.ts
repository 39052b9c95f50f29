// Shared by the tests of the Yandex providers.

import { YandexChannel } from "../../../speech/yandex/channel.ts";
import type { Credentials } from "../../../speech/yandex/auth/credentials.ts";
import type { YandexGrpcServer } from "./yandex_grpc_server.ts";

/** The key that a test server accepts. */
export const TEST_KEY: Credentials = {
  kind: "api-key",
  proof: () => Promise.resolve({ authorization: "Api-Key test-key" }),
  refused: () => false,
};

/** A channel to a service of the test server. */
export function channelTo(
  server: YandexGrpcServer,
  service: "stt" | "tts",
  credentials: Credentials = TEST_KEY,
): YandexChannel {
  return new YandexChannel({ service, endpoint: server.endpoint, caFile: "", credentials });
}
