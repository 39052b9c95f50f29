// The calls that are up, as the journal needs them: how each began, in case the file must be begun anew,
// and how much of it was written, so that none fills the journal.

import { logger } from "../../../config/logging.ts";
import type { CallEvent, Phase } from "../../call_record.ts";
import type { ServiceMetrics } from "../metrics.ts";
import { type CallStart, MAX_CHARS_A_CALL, MAX_EVENTS_A_CALL } from "./stored_calls.ts";
import { MAX_EVENT_CHARS } from "./stored_event.ts";

const log = logger("journal");

/** A call as it began, and the keyed hash of its caller's number, where there is one. */
export interface BegunCall {
  readonly call: CallStart;
  readonly callerKey: string | null;
}

/** What a list of calls shows of one that has ended. */
export interface CallSummary {
  readonly phase: Phase;
  readonly restarts: number;
}

interface OpenCall {
  readonly begun: BegunCall;
  phase: Phase;
  restarts: number;
  events: number;
  chars: number;
  full: boolean;
}

const BEGINNING: CallSummary = { phase: "answering", restarts: 0 };

/** The calls that have begun and not ended. */
export class OpenCalls {
  readonly #metrics: Pick<ServiceMetrics, "journalSkipped">;
  readonly #calls = new Map<string, OpenCall>();

  constructor(metrics: Pick<ServiceMetrics, "journalSkipped">) {
    this.#metrics = metrics;
  }

  /** A call has begun, or was found in the journal as far as `soFar`. */
  begin(begun: BegunCall, soFar: CallSummary = BEGINNING): void {
    const { id } = begun.call;
    if (this.#calls.has(id)) return;
    const { phase, restarts } = soFar;
    this.#calls.set(id, { begun, phase, restarts, events: 0, chars: 0, full: false });
  }

  /** Something happened in a call; its summary when that was its end. */
  follow(callId: string, event: CallEvent): CallSummary | undefined {
    const call = this.#calls.get(callId);
    if (event.kind === "ended") {
      this.#calls.delete(callId);
      return call ? { phase: call.phase, restarts: call.restarts } : BEGINNING;
    }
    if (call && event.kind === "phase") call.phase = event.phase;
    if (call && event.kind === "restarted") call.restarts++;
    return undefined;
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
