// The one error that every ARI command fails with.

import { redact } from "../../config/privacy/redact.ts";

/**
 * Why a command failed, as far as callers act differently on it.
 * - `gone`: the channel, bridge or playback does not exist (any more); normal after a hang-up.
 * - `not_in_stasis`: the channel is not (or no longer) in a Stasis application (422).
 * - `conflict`: the object exists already, or is in the wrong state or application (409, 412).
 * - `unauthorized`: user or password are wrong, or the user is read-only (401, 403).
 * - `timeout`: no answer before the deadline.
 * - `unreachable`: no HTTP server answered.
 * - `crowded`: too many commands are under way; this one was not sent.
 * - `unexpected`: anything else, such as an answer that does not fit Asterisk's own description.
 */
export type AriErrorKind =
  | "gone"
  | "not_in_stasis"
  | "conflict"
  | "unauthorized"
  | "timeout"
  | "unreachable"
  | "crowded"
  | "unexpected";

const CURES: Readonly<Record<AriErrorKind, string>> = {
  gone: "the PBX has no such object (any more), which is normal after a hang-up",
  not_in_stasis: "use a channel only between its StasisStart and its StasisEnd",
  conflict: "check what owns it and its state with `core show channels` and `bridge show all`",
  unauthorized: "check ARI_USER and ARI_PASSWORD against ari.conf, and that read_only is no there",
  timeout: "check the load of the PBX and the network to it",
  unreachable: "check ARI_HTTP_URL, that Asterisk runs, and enabled=yes in http.conf and ari.conf",
  crowded: "check the load of the PBX: it takes commands slower than calls come in",
  unexpected: "check the Asterisk version (22.10.1 or later is advised) and its log",
};

/** A failed ARI command: what was tried, what Asterisk said, what to do. */
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

/** What an HTTP status of 400 or more means to the caller of a command. */
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
      // POST /bridges/{id}/addChannel answers 400 for a channel that has hung up, 404 for the
      // bridge.
      return /channel not found/i.test(reason) ? "gone" : "unexpected";
    case 500:
      // Asterisk 16 answers so when the bridge of POST /bridges/{id} exists; newer releases answer
      // 409.
      return /when updating a bridge/i.test(reason) ? "conflict" : "unexpected";
    default:
      return "unexpected";
  }
}

/** The error of an aborted command: `timeout` after a deadline, else the signal's own reason. */
export function abortError(operation: string, { reason }: AbortSignal): unknown {
  const deadline = reason instanceof DOMException && reason.name === "TimeoutError";
  if (!deadline) return reason;
  return new AriError("timeout", operation, 0, "no answer in time", { cause: reason });
}

/** Turns a 404 of ARI itself, which means a wrong address or setting, into `unreachable`. */
export function orNotServed(error: unknown): unknown {
  if (!(error instanceof AriError && error.gone)) return error;
  return new AriError("unreachable", error.operation, error.status, error.reason);
}

/**
 * The command's result, or undefined when its object is gone: for cleaning up, where an earlier
 * hang-up is no fault.
 */
export async function unlessGone<T>(command: Promise<T>): Promise<T | undefined> {
  try {
    return await command;
  } catch (error) {
    if (error instanceof AriError && error.gone) return undefined;
    throw error;
  }
}
