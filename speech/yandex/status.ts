// What SpeechKit's gRPC status codes mean. Source: SpeechKit documentation, "Response status codes".

import * as grpc from "@grpc/grpc-js";
import type { FailureFacts } from "../failure.ts";
import type { Credentials } from "./auth/credentials.ts";

const KEY_TO_CHECK = {
  "api-key": "YANDEX_API_KEY",
  "service-account": "YANDEX_SERVICE_ACCOUNT_KEY_FILE",
  "user": "OAUTH_TOKEN",
} as const satisfies Record<Credentials["kind"], string>;

/** What a gRPC status of SpeechKit means for us, with credentials of this kind. */
export function factsOf(code: grpc.status, kind: Credentials["kind"]): FailureFacts {
  return { code: grpc.status[code] ?? `status ${code}`, ...meaningOf(code, kind) };
}

function meaningOf(code: grpc.status, kind: Credentials["kind"]): Omit<FailureFacts, "code"> {
  const key = KEY_TO_CHECK[kind];
  switch (code) {
    case grpc.status.UNAUTHENTICATED:
      return { cure: `check ${key}: it is wrong, revoked or expired`, lasting: true };
    case grpc.status.PERMISSION_DENIED:
      return {
        cure: kind === "user"
          ? "check YANDEX_FOLDER_ID and that the user may use SpeechKit in that folder"
          : `give the service account of ${key} the role ai.speechkit-stt.user or ai.speechkit-tts.user`,
        lasting: true,
      };
    case grpc.status.INVALID_ARGUMENT:
      return {
        cure: "check the YANDEX_STT_… and YANDEX_TTS_… settings: voice, role, speed, model",
      };
    case grpc.status.RESOURCE_EXHAUSTED:
      return { cure: "the quota is used up: wait, or ask Yandex's support to raise it" };
    case grpc.status.UNIMPLEMENTED:
      return { cure: "the address answers, but is not this service: check the endpoint's setting" };
    case grpc.status.DEADLINE_EXCEEDED:
      return { cure: "the service or the network is slow" };
    case grpc.status.UNAVAILABLE:
      return { cure: "check the network and the endpoint's setting", retryable: true };
    // The service itself broke the stream off.
    case grpc.status.ABORTED:
    case grpc.status.CANCELLED:
    case grpc.status.INTERNAL:
    case grpc.status.UNKNOWN:
      return { cure: "the service broke the request off", retryable: true };
    default:
      return { cure: "see the SpeechKit documentation on status codes" };
  }
}
