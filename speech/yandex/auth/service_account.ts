// A service account's proof of identity: the JWT that IAM exchanges for a token. Source: Yandex
// Cloud documentation, "Getting an IAM token for a service account".

import { OperatorError } from "../../../config/operator_error.ts";
import type { IdentitySource } from "./iam.ts";

/** The audience that IAM requires, whatever address it is reached at. */
const AUDIENCE = "https://iam.api.cloud.yandex.net/iam/v1/tokens";
/** IAM accepts an hour at most. */
const LIFETIME_SECONDS = 3600;
/** RFC 7518 §3.5; the only algorithm that IAM accepts. */
const ALGORITHM = "PS256";
const PKCS8_BEGINS = "-----BEGIN PRIVATE KEY-----";

/** The key file that `yc iam key create` writes. */
export interface ServiceAccountKey {
  readonly id: string;
  readonly service_account_id: string;
  /** PKCS#8 PEM, after a line of Yandex's own. */
  readonly private_key: string;
}

/** The key file is unusable; the message says what is wrong with it and how to get a good one. */
export class KeyFileError extends OperatorError {
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
 * @throws {KeyFileError} naming the file and what it lacks, never its contents.
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
  if (typeof private_key !== "string" || !private_key.includes(PKCS8_BEGINS)) {
    throw wrong("has no private_key");
  }
  return { id, service_account_id, private_key };
}

/** Signs a JWT for each exchange. */
export function serviceAccountIdentity(key: ServiceAccountKey): IdentitySource {
  let signer: Promise<(issuedAtSeconds: number) => Promise<string>> | undefined;
  return async (now) => {
    signer ??= signerWith(key);
    const sign = await signer;
    return { jwt: await sign(Math.floor(now / 1000)) };
  };
}

async function signerWith({ id, service_account_id, private_key }: ServiceAccountKey) {
  // Loaded here: call isolates import this file too, and never sign.
  const { importPKCS8, SignJWT } = await import("jose");
  const pem = private_key.slice(private_key.indexOf(PKCS8_BEGINS)).trim();
  const privateKey = await importPKCS8(pem, ALGORITHM, { extractable: false }).catch((error) => {
    const what = "its private_key is not a whole RSA key in PKCS#8";
    throw new KeyFileError("(read at start)", what, { cause: error });
  });
  return (issuedAtSeconds: number) =>
    new SignJWT()
      .setProtectedHeader({ typ: "JWT", alg: ALGORITHM, kid: id })
      .setIssuer(service_account_id)
      .setAudience(AUDIENCE)
      .setIssuedAt(issuedAtSeconds)
      .setExpirationTime(issuedAtSeconds + LIFETIME_SECONDS)
      .sign(privateKey);
}
