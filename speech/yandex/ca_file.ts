// The CA certificate that the operator may have the gRPC endpoints trusted by.

import { OperatorError } from "../../config/operator_error.ts";

/** `YANDEX_CA_FILE` cannot be used; the message says why. */
export class CaFileError extends OperatorError {
  override readonly name = "CaFileError";

  constructor(path: string, what: string, options?: ErrorOptions) {
    super(
      `YANDEX_CA_FILE ${path} ${what}; point it at a PEM certificate, or leave it empty to trust ` +
        "the usual authorities",
      options,
    );
  }
}

/**
 * Reads the certificates of a PEM file.
 *
 * @throws {CaFileError} when it cannot be read or holds no certificate
 */
export function readCaFile(path: string): Uint8Array {
  let pem: Uint8Array;
  try {
    pem = Deno.readFileSync(path);
  } catch (cause) {
    throw new CaFileError(path, "cannot be read", { cause });
  }
  if (!new TextDecoder().decode(pem).includes("-----BEGIN CERTIFICATE-----")) {
    throw new CaFileError(path, "holds no PEM certificate");
  }
  return pem;
}
