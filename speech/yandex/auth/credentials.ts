// The credentials that every request to SpeechKit carries. Source: SpeechKit documentation,
// "Authentication": only a user's token needs the folder; a service account has a folder of its own.

import type { Settings } from "../../../config/settings.ts";
import { IamTokens, type TokenSource } from "./iam.ts";
import { readServiceAccountKeyFile, serviceAccountIdentity } from "./service_account.ts";

/** Proof of identity for one request. */
export interface Proof {
  /** The `Authorization` header's value. */
  readonly authorization: string;
  /** Sent as `x-folder-id` (gRPC) or `folderId` (REST v1). */
  readonly folderId?: string;
}

/** The source of proofs. */
export interface Credentials {
  readonly kind: "api-key" | "service-account" | "user";
  /** @throws {ServiceFailure} when no token can be obtained. */
  proof(): Promise<Proof>;
  /** The service answered UNAUTHENTICATED to this proof. True when a retry makes sense. */
  refused(proof: Proof): boolean | Promise<boolean>;
}

/**
 * The credentials that the settings name: the API key, else the service account's key file, else
 * the user's OAuth token. `tokens` replaces our own exchange with IAM.
 *
 * @throws {KeyFileError} when the key file is unusable.
 */
export function yandexCredentials(settings: Settings, tokens?: TokenSource): Credentials {
  const { YANDEX_API_KEY } = settings;
  if (YANDEX_API_KEY) {
    return {
      kind: "api-key",
      proof: () => Promise.resolve({ authorization: `Api-Key ${YANDEX_API_KEY}` }),
      refused: () => false,
    };
  }
  tokens ??= new IamTokens(settings.YANDEX_IAM_ENDPOINT, identityOf(settings));
  return settings.YANDEX_SERVICE_ACCOUNT_KEY_FILE
    ? bearer("service-account", tokens)
    : bearer("user", tokens, settings.YANDEX_FOLDER_ID);
}

/**
 * IAM tokens for all calls of the service; undefined when no call needs one.
 *
 * @throws {KeyFileError} when the key file is unusable.
 */
export function iamTokens(settings: Settings): IamTokens | undefined {
  const used = [...settings.ASR_PROVIDER, ...settings.TTS_PROVIDER].includes("yandex");
  if (!used || settings.YANDEX_API_KEY) return undefined;
  return new IamTokens(settings.YANDEX_IAM_ENDPOINT, identityOf(settings));
}

function identityOf({ YANDEX_SERVICE_ACCOUNT_KEY_FILE: file, OAUTH_TOKEN }: Settings) {
  if (file) return serviceAccountIdentity(readServiceAccountKeyFile(file));
  const identity = { yandexPassportOauthToken: OAUTH_TOKEN };
  return () => Promise.resolve(identity);
}

const BEARER = "Bearer ";

function bearer(
  kind: Credentials["kind"],
  tokens: TokenSource,
  folderId?: string,
): Credentials {
  return {
    kind,
    proof: async () => ({ authorization: `${BEARER}${await tokens.token()}`, folderId }),
    refused: (proof) => tokens.refused(proof.authorization.slice(BEARER.length)),
  };
}
