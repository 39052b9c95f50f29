// One answer of the bot, from the caller's last word to the last phrase heard.

import type { DialogueTurn } from "../../agent/agent.ts";
import { type CallRecord, heardText, type Stage, type StageTimings } from "../call_record.ts";

/** An answer being made and spoken, and its timings. */
export class Answer {
  readonly stages: StageTimings = {};
  readonly #abort = new AbortController();

  /**
   * @param turn the turn it answers.
   * @param speechEndAt when the caller's last speech frame arrived (`performance.now()`); undefined where no caller spoke.
   * @param phrases phrases made so far, those of an isolate before this one included.
   * @param then what follows when all of it was heard; undefined is listening.
   */
  constructor(
    readonly turn: number,
    readonly speechEndAt: number | undefined,
    public phrases: number,
    readonly then?: () => void,
  ) {}

  /** Aborted when the answer is no longer wanted. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  cancel(): void {
    this.#abort.abort();
  }

  /** Notes a stage the first time it is reached. */
  mark(stage: Stage, at: number = performance.now()): void {
    if (this.speechEndAt === undefined || this.stages[stage] !== undefined) return;
    this.stages[stage] = Math.round(10 * (at - this.speechEndAt)) / 10;
  }
}

/** The conversation before turn `before`, as it was heard, oldest first. */
export function dialogueBefore(record: CallRecord, before: number): DialogueTurn[] {
  return record.turns.filter(({ turn }) => turn < before).flatMap((turn) => {
    const said: DialogueTurn[] = [];
    if (turn.caller !== undefined) said.push({ role: "caller", text: turn.caller });
    const heard = heardText(turn);
    if (heard !== "") {
      said.push({ role: "bot", text: heard, ...(turn.interrupted && { interrupted: true }) });
    }
    return said;
  });
}
