// What the assistant wants done besides speaking: each wish waits until the phrases before it were
// heard, and is asked of the service once.

import type { ToolCall } from "../../../agent/agent.ts";
import type { CallRecord, ToolRecord } from "../../call_record.ts";

/** A wish that ends the bot's part of the call. */
export function isDeparture({ name }: ToolCall): boolean {
  return name === "hang_up" || name === "transfer_to";
}

/** The errands of one call. Those not done are in its record, so that they outlive this isolate. */
export class ToolCalls {
  readonly #record: CallRecord;
  readonly #ask: (id: string) => void;
  /** Asked of the service, which has not answered yet. */
  readonly #asked = new Set<string>();

  constructor(record: CallRecord, ask: (id: string) => void) {
    this.#record = record;
    this.#ask = ask;
  }

  /** Whether this wish is known already: done, or still to be done. */
  knows(id: string): boolean {
    return this.#record.tools.some((tool) => tool.id === id);
  }

  /** Whether anything was, or is to be, done in a turn. */
  inTurn(turn: number): boolean {
    return this.#record.tools.some((tool) => tool.turn === turn);
  }

  /**
   * Asks for what is due in a turn. A departure is the last thing to be asked for.
   *
   * @returns the departure, if that was it.
   */
  runDue(turn: number): ToolRecord | undefined {
    for (const tool of this.#record.tools) {
      if (tool.turn !== turn || tool.result !== undefined || this.#asked.has(tool.id)) continue;
      if (!this.#isDue(tool)) continue;
      this.#asked.add(tool.id);
      this.#ask(tool.id);
      if (isDeparture(tool.call)) return tool;
    }
  }

  /** The service has answered. */
  answered(id: string): ToolRecord | undefined {
    this.#asked.delete(id);
    return this.#record.tools.find((tool) => tool.id === id);
  }

  /** A contact is noted at once: a caller who hangs up over the thanks has left it all the same. */
  #isDue({ turn, after, call }: ToolRecord): boolean {
    if (call.name === "take_contact") return true;
    const phrases = this.#record.turns.find((one) => one.turn === turn)?.phrases ?? [];
    return phrases.slice(0, after).every(({ heard }) => heard);
  }
}
