// The faults a simulated PBX's server can be asked for.

import { AriFailure } from "./wire.ts";

/** What the server gets wrong at the moment. */
export class ServerFaults {
  /** Answers leave this much later; the command itself takes effect immediately. */
  replyDelayMs = 0;
  /** Status of failed commands. */
  failStatus = 500;
  /** How many of the next commands are answered with `failStatus` and not executed. */
  failNext = 0;
  /** How many of the next media sockets are refused with 503. */
  refuseMedia = 0;
  /** Connections there may be at a time, of any kind; further ones are closed without an answer. */
  sessionLimit = Infinity;

  /** @throws {AriFailure} when the command at hand is to fail. */
  maybeFail(): void {
    if (this.failNext === 0) return;
    this.failNext--;
    throw new AriFailure(this.failStatus, "Internal Server Error");
  }

  /** Whether the media socket at hand is to be refused. */
  takesRefusal(): boolean {
    if (this.refuseMedia === 0) return false;
    this.refuseMedia--;
    return true;
  }
}
