// A caller's number is kept masked, which is enough to read and too little to find somebody by. To
// find the calls of one number, so that they can be forgotten, each has a keyed hash of it. Without
// the key, which lies beside the journal, nobody can try all numbers against the hash.

import { createHmac, randomBytes } from "node:crypto";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { logger } from "../../../config/logging.ts";

const log = logger("journal");

/** The key of a journal. */
export type CallerKey = Uint8Array;

const KEY_BYTES = 32;
const PRIVATE_FILE = 0o600;
/** Without prefixes of countries and trunks: +7 900 000-00-01 and 8 900 000-00-01 are one caller. */
const COMPARED_DIGITS = 10;

/**
 * The key of the journal at `path`; a new one where there is none. Undefined, and a line in the log,
 * when it cannot be read or kept.
 */
export function callerKeyOf(path: string): CallerKey | undefined {
  const file = fileOf(path);
  try {
    return keyIn(file);
  } catch (error) {
    log.warn("calls of now can be forgotten by their id only, not by their caller's number", {
      error,
      fix: `see that ${file} can be read and written by the bot's user`,
    });
    return undefined;
  }
}

/**
 * The key of the journal at `path`, if there is one.
 *
 * @throws when its file cannot be read.
 */
export function knownCallerKey(path: string): CallerKey | undefined {
  return keyIfThere(fileOf(path));
}

/** A number, or a SIP name, as the journal knows it; null when the PBX gave none. */
export function callerHash(key: CallerKey, caller: string): string | null {
  const name = caller.trim().toLowerCase();
  const digits = name.replace(/\D/g, "").slice(-COMPARED_DIGITS);
  const compared = /\p{L}/u.test(name) ? name : digits;
  return compared === "" ? null : createHmac("sha256", key).update(compared).digest("base64url");
}

function fileOf(path: string): string {
  return join(dirname(path), "caller.key");
}

function keyIn(file: string): Uint8Array {
  const known = keyIfThere(file);
  const key = known ?? randomBytes(KEY_BYTES);
  if (!known) writeFileSync(file, key, { mode: PRIVATE_FILE });
  chmodSync(file, PRIVATE_FILE); // Also where it lay there before.
  return key;
}

/** A file of any other length is no key, and may be too much to read. */
function keyIfThere(file: string): Uint8Array | undefined {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat && !stat.isFile()) throw new Error("it is not a file");
  return stat?.size === KEY_BYTES ? readFileSync(file) : undefined;
}
