// All calls that are known: those in memory, and those that only the journal has.

import type { Settings } from "../../../config/settings.ts";
import type { CallRecord } from "../../call_record.ts";
import { existingRecording } from "../calls/recording_file.ts";
import type { Journal } from "../journal/journal.ts";
import { inListOrder, type ListedCall, type ListPlace } from "../journal/listed_calls.ts";
import type { Switchboard } from "./switchboard.ts";

/** Who knows calls. */
export interface KnownCallsOptions {
  readonly settings: Pick<Settings, "DATA_DIR">;
  readonly switchboard: Pick<Switchboard, "get" | "list">;
  readonly journal: Pick<Journal, "endedCall" | "endedPage">;
}

/** The calls for whoever looks at them: the console. */
export class KnownCalls {
  readonly #options: KnownCallsOptions;

  constructor(options: KnownCallsOptions) {
    this.#options = options;
  }

  /** The calls that follow `after` in the list, newest first; at most `limit`. */
  page(after: ListPlace | undefined, limit: number): ListedCall[] {
    const { switchboard, journal } = this.#options;
    // Memory first: it knows what the journal has yet to write.
    const calls = new Map<string, ListedCall>();
    for (const record of switchboard.list()) {
      if (!after || inListOrder(after, record) < 0) calls.set(record.id, listed(record));
    }
    for (const call of journal.endedPage(after, limit)) {
      if (!calls.has(call.id)) calls.set(call.id, call);
    }
    return [...calls.values()].sort(inListOrder).slice(0, limit);
  }

  /** The call with this id. */
  get(id: string): CallRecord | undefined {
    const { switchboard, journal } = this.#options;
    return switchboard.get(id) ?? journal.endedCall(id);
  }

  /** The call's recording, once it exists. */
  recordingPath(id: string): string | undefined {
    return this.get(id) && existingRecording(this.#options.settings, id);
  }
}

function listed({ id, caller, startedAt, endedAt, phase, restarts }: CallRecord): ListedCall {
  return { id, caller, startedAt, endedAt, phase, restarts: restarts.length };
}
