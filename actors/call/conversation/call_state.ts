// What a call is doing, and what it may do next. The record, the journal and the service's deadlines
// all follow the events that leave here.

import { logger } from "../../../config/logging.ts";
import {
  applyEvent,
  type CallEvent,
  type CallRecord,
  type Phase,
  type TurnRecord,
} from "../../call_record.ts";

/**
 * The phases that may follow each phase.
 *
 * - `answering` ends with the greeting, once caller and media are joined.
 * - `greeting` ends when it has been heard or is talked over.
 * - `listening` ends with the caller's turn (`thinking`), or when the bot speaks unasked
 *   (`speaking`): "are you there?", "could you say that again?".
 * - `thinking` ends with the answer's first audio or an apology (`speaking`). It goes back to
 *   `listening` when the caller continues, or when the answer is a tool call without words.
 * - `speaking` ends when the answer has been heard or is talked over.
 * - `handover` ends the bot's part, by last words or by a tool call. Only the PBX's refusal of that
 *   tool call leads back.
 */
export const NEXT: Readonly<Record<Phase, readonly Phase[]>> = {
  answering: ["greeting"],
  greeting: ["listening", "handover"],
  listening: ["thinking", "speaking", "handover"],
  thinking: ["speaking", "listening", "handover"],
  speaking: ["listening", "handover"],
  handover: ["listening"],
};

/** One call's record and phase. Whoever changes them does so here. */
export class CallState {
  readonly record: CallRecord;
  readonly #onEvent: (event: CallEvent) => void;
  /** A resumed call may enter any phase first: the isolate before this one died at any point. */
  #resumed: boolean;

  /**
   * @param record a new call's, or that of a call to be resumed. Kept up to date here.
   * @param onEvent takes each event of this isolate, for the service.
   */
  constructor(record: CallRecord, onEvent: (event: CallEvent) => void) {
    this.record = record;
    this.#onEvent = onEvent;
    this.#resumed = record.turns.length > 0;
  }

  get phase(): Phase {
    return this.record.phase;
  }

  /** Whether `phase` may follow the present one. */
  allows(phase: Phase): boolean {
    return NEXT[this.phase].includes(phase);
  }

  /** Enters a phase. An illegal transition is our fault: it is logged and made, so no caller is hurt. */
  enter(phase: Phase): void {
    const legal = this.#resumed || this.allows(phase);
    this.#resumed = false;
    if (phase === this.phase) return;
    if (!legal) {
      logger("conversation").error("illegal phase transition: correct NEXT or the code", {
        call: this.record.id,
        from: this.phase,
        to: phase,
      });
    }
    this.emit({ kind: "phase", phase });
  }

  /** Adds an event to the record and reports it to the service. */
  emit(event: CallEvent): void {
    this.adopt(event);
    this.#onEvent(event);
  }

  /** Adds an event that the service has journalled already. */
  adopt(event: CallEvent): void {
    applyEvent(this.record, event, Date.now());
  }

  /** A turn of the record, which must exist. */
  turn(number: number): TurnRecord {
    return this.record.turns.find(({ turn }) => turn === number)!;
  }
}
