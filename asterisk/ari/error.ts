// The one error every ARI command fails with.

import { redact } from "../../config/logging.ts";

/**
 * Why a command failed, as far as a caller would act differently on it.
 * - `gone`: the channel, bridge or playback does not exist (any more); after a hang-up this is no fault.
 * - `not_in_stasis`: the channel is not (yet, or any more) in a Stasis application (422).
 * - `conflict`: the thing exists already, or is in the wrong hands or state (409, 412).
 * - `unauthorized`: user or password are wrong, or the user is read-only (401, 403).
 * - `timeout`: no answer before the deadline.
 * - `unreachable`: no HTTP server answered.
 * - `unexpected`: anything else, such as an answer that does not fit Asterisk's own description.
 */
export type AriErrorKind =
  | "gone"
  | "not_in_stasis"
  | "conflict"
  | "unauthorized"
  | "timeout"
  | "unreachable"
  | "unexpected";

const CURES: Readonly<Record<AriErrorKind, string>> = {
  gone: "the PBX has none (any more); after a hang-up that is no fault",
  not_in_stasis: "wait for its StasisStart before using it, and do not use it after StasisEnd",
  conflict: "check what owns it and its state with `core show channels` and `bridge show all`",
  unauthorized: "check ARI_USER and ARI_PASSWORD against ari.conf, and that read_only is no there",
  timeout: "check the load of the PBX and the network to it",
  unreachable: "check ARI_HTTP_URL, that Asterisk runs, and enabled=yes in http.conf and ari.conf",
  unexpected: "check the Asterisk version (22.10.1 or later is advised) and its log",
};

/** An ARI command failed: what was tried, what Asterisk said, what to do. */
export class AriError extends Error {
  override readonly name = "AriError";

  constructor(
    readonly kind: AriErrorKind,
    /** The command with its target, such as `channels.answer /channels/ab12/answer`. */
    readonly operation: string,
    /** HTTP status; 0 when there was no answer. */
    readonly status: number,
    /** What Asterisk, or the network, said. */
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    const said = status === 0 ? reason : `${status} ${reason}`;
    super(`ARI ${operation} failed: ${redact(said)}; ${CURES[kind]}`, options);
  }

  /** The channel, bridge or playback does not exist (any more). */
  get gone(): boolean {
    return this.kind === "gone";
  }
}

/** What an HTTP status of 400 or more means for the caller of a command. */
export function kindOfStatus(status: number, reason: string): AriErrorKind {
  switch (status) {
    case 401:
    case 403:
      return "unauthorized";
    case 404:
      return "gone";
    case 409:
    case 412:
      return "conflict";
    case 422:
      return "not_in_stasis";
    case 400:
      // POST /bridges/{id}/addChannel answers 400 for a channel that has hung up: its 404 is the bridge's.
      return /channel not found/i.test(reason) ? "gone" : "unexpected";
    case 500:
      // Asterisk 16 says so of POST /bridges/{id} where that bridge is there already; newer ones say 409.
      return /when updating a bridge/i.test(reason) ? "conflict" : "unexpected";
    default:
      return "unexpected";
  }
}

/** What an aborted signal fails a command with: `timeout` for a deadline, else the signal's own reason. */
export function abortError(operation: string, { reason }: AbortSignal): unknown {
  const deadline = reason instanceof DOMException && reason.name === "TimeoutError";
  if (!deadline) return reason;
  return new AriError("timeout", operation, 0, "no answer in time", { cause: reason });
}

/** A 404 of ARI itself: not a thing that has ended, but an address or a setting that is wrong. */
export function orNotServed(error: unknown): unknown {
  if (!(error instanceof AriError && error.gone)) return error;
  return new AriError("unreachable", error.operation, error.status, error.reason);
}

/**
 * The command's result, or undefined when what it acts on has ended: for cleaning up, where a
 * hang-up that came first is no fault.
 */
export async function unlessGone<T>(command: Promise<T>): Promise<T | undefined> {
  try {
    return await command;
  } catch (error) {
    if (error instanceof AriError && error.gone) return undefined;
    throw error;
  }
}
