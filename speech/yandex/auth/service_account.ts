// A service account's signed word: the JWT that IAM exchanges for a token. Source: Yandex Cloud
// documentation, "Getting an IAM token for a service account"; PS256 is RFC 7518 §3.5.

import type { IdentitySource } from "./iam.ts";

/** The audience IAM requires, whichever address it is reached at. */
const AUDIENCE = "https://iam.api.cloud.yandex.net/iam/v1/tokens";
/** IAM takes an hour at most. */
const LIFETIME_SECONDS = 3600;

/** The key file that `yc iam key create` writes. */
export interface ServiceAccountKey {
  readonly id: string;
  readonly service_account_id: string;
  /** PKCS#8 PEM; Yandex puts a line of its own before it. */
  readonly private_key: string;
}

/** The key file cannot be used; the message says what is wrong with it, and how to get a good one. */
export class KeyFileError extends Error {
  override readonly name = "KeyFileError";

  constructor(path: string, what: string, options?: ErrorOptions) {
    super(
      `YANDEX_SERVICE_ACCOUNT_KEY_FILE ${path}: ${what}; make one with ` +
        "`yc iam key create --service-account-name <name> --output key.json`",
      options,
    );
  }
}

/**
 * Reads a key file.
 *
 * @throws {KeyFileError}
 */
export function readServiceAccountKeyFile(path: string): ServiceAccountKey {
  let json: string;
  try {
    json = Deno.readTextFileSync(path);
  } catch (error) {
    throw new KeyFileError(path, "cannot be read", { cause: error });
  }
  return readServiceAccountKey(json, path);
}

/**
 * Reads a key file's text.
 *
 * @throws {KeyFileError} naming the file and what it lacks, never its content.
 */
export function readServiceAccountKey(json: string, path: string): ServiceAccountKey {
  const wrong = (what: string) => new KeyFileError(path, what);
  let key: Partial<Record<keyof ServiceAccountKey, unknown>> | null;
  try {
    key = JSON.parse(json);
  } catch {
    throw wrong("is not JSON");
  }
  const { id, service_account_id, private_key } = key ?? {};
  if (typeof id !== "string" || typeof service_account_id !== "string") {
    throw wrong("has no id or no service_account_id");
  }
  if (typeof private_key !== "string" || !/-----BEGIN PRIVATE KEY-----/.test(private_key)) {
    throw wrong("has no private_key");
  }
  return { id, service_account_id, private_key };
}

/** Signs a JWT for each exchange. */
export function serviceAccountIdentity(key: ServiceAccountKey): IdentitySource {
  let signingKey: Promise<CryptoKey> | undefined;
  return async (now) => {
    signingKey ??= importKey(key.private_key);
    const issuedAt = Math.floor(now / 1000);
    const header = { typ: "JWT", alg: "PS256", kid: key.id };
    const claims = {
      iss: key.service_account_id,
      aud: AUDIENCE,
      iat: issuedAt,
      exp: issuedAt + LIFETIME_SECONDS,
    };
    const utf8 = new TextEncoder();
    const signed = [header, claims].map((part) => base64Url(utf8.encode(JSON.stringify(part))))
      .join(".");
    const signature = await crypto.subtle.sign(
      { name: "RSA-PSS", saltLength: 32 },
      await signingKey,
      utf8.encode(signed),
    );
    return { jwt: `${signed}.${base64Url(new Uint8Array(signature))}` };
  };
}

async function importKey(pem: string): Promise<CryptoKey> {
  const base64 = /-----BEGIN PRIVATE KEY-----([\s\S]*?)-----END PRIVATE KEY-----/.exec(pem)?.[1];
  try {
    return await crypto.subtle.importKey(
      "pkcs8",
      Uint8Array.fromBase64((base64 ?? "").replace(/\s/g, "")),
      { name: "RSA-PSS", hash: "SHA-256" },
      false,
      ["sign"],
    );
  } catch (error) {
    const what = "its private_key is not a whole RSA key in PKCS#8";
    throw new KeyFileError("(read at start)", what, { cause: error });
  }
}

function base64Url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
