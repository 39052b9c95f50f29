// The calls that are up, as the journal needs them: how each began, in case the file must be begun anew,
// and how much of it was written, so that none fills the journal.

import { logger } from "../../../config/logging.ts";
import type { CallRecord } from "../../call_record.ts";
import type { ServiceMetrics } from "../metrics.ts";
import { MAX_CHARS_A_CALL, MAX_EVENTS_A_CALL } from "./stored_calls.ts";
import { MAX_EVENT_CHARS } from "./stored_event.ts";

const log = logger("journal");

/** A call as it began. */
export type CallStart = Pick<CallRecord, "id" | "channelId" | "caller" | "startedAt">;

/** A call as it began, and the keyed hash of its caller's number, where there is one. */
export interface BegunCall {
  readonly call: CallStart;
  readonly callerKey: string | null;
}

interface OpenCall {
  readonly begun: BegunCall;
  events: number;
  chars: number;
  full: boolean;
}

/** The calls that have begun and not ended. */
export class OpenCalls {
  readonly #metrics: Pick<ServiceMetrics, "journalSkipped">;
  readonly #calls = new Map<string, OpenCall>();

  constructor(metrics: Pick<ServiceMetrics, "journalSkipped">) {
    this.#metrics = metrics;
  }

  /** A call has begun, or was found in the journal. */
  begin(begun: BegunCall): void {
    const { id } = begun.call;
    if (!this.#calls.has(id)) this.#calls.set(id, { begun, events: 0, chars: 0, full: false });
  }

  end(callId: string): void {
    this.#calls.delete(callId);
  }

  /** How the calls that are up began. */
  all(): BegunCall[] {
    return [...this.#calls.values()].map(({ begun }) => begun);
  }

  /**
   * Whether an event of this many characters still belongs to the call's share of the journal; counts
   * it, one way or the other. The first that does not is logged.
   */
  hasRoom(callId: string, chars: number): boolean {
    const call = this.#calls.get(callId);
    const fits = chars <= MAX_EVENT_CHARS && (!call || !call.full &&
        call.events < MAX_EVENTS_A_CALL && call.chars + chars <= MAX_CHARS_A_CALL);
    if (!fits) {
      this.#metrics.journalSkipped(1);
      if (call) this.#sayFull(callId, call);
      return false;
    }
    if (call) {
      call.events++;
      call.chars += chars;
    }
    return true;
  }

  #sayFull(callId: string, call: OpenCall): void {
    if (call.full) return;
    call.full = true;
    log.warn("call has filled its share of the journal; only its end is kept from here on", {
      call: callId,
      fix: "lower MAX_CALL_SECONDS",
    });
  }
}
