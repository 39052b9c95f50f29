// What the agent does besides speaking. Each tool call waits until the phrases before it have been
// heard, and is asked of the service once.

import type { ToolCall } from "../../../agent/agent.ts";
import type { CallRecord, ToolRecord, ToolResult } from "../../call_record.ts";

/** The tool calls of one call. Those not yet done are in its record, so they outlive this isolate. */
export class ToolCalls {
  readonly #record: CallRecord;
  readonly #ask: (id: string) => void;
  /** Asked of the service, which has not answered yet. */
  readonly #asked = new Set<string>();
  /** The one asked for that ends the bot's part of the call. */
  #departure?: ToolRecord;

  /** @param ask asks the service to carry out a tool call of the record. */
  constructor(record: CallRecord, ask: (id: string) => void) {
    this.#record = record;
    this.#ask = ask;
  }

  /** Whether this tool call is in the record already: done, or still to be done. */
  knows(id: string): boolean {
    return this.#record.tools.some((tool) => tool.id === id);
  }

  /** Whether a turn has any tool call, done or still to be done. */
  inTurn(turn: number): boolean {
    return this.#record.tools.some((tool) => tool.turn === turn);
  }

  /**
   * Asks for the tool calls of a turn that are due. A departure is the last to be asked for.
   *
   * @returns whether a departure has been asked for, now or before.
   */
  departsIn(turn: number): boolean {
    this.#departure ??= this.#askDue(turn);
    return this.#departure !== undefined;
  }

  /** The call ends in another way: the departure asked for no longer matters. */
  stay(): void {
    this.#departure = undefined;
  }

  /**
   * The service has carried out a tool call, or could not.
   *
   * @returns the departure, when that is what could not be carried out: the call continues.
   */
  answered(id: string, result: ToolResult): ToolRecord | undefined {
    this.#asked.delete(id);
    if (this.#departure?.id !== id || result === "done") return undefined;
    const refused = this.#departure;
    this.#departure = undefined;
    return refused;
  }

  #askDue(turn: number): ToolRecord | undefined {
    for (const tool of this.#record.tools) {
      if (tool.turn !== turn || tool.result !== undefined || this.#asked.has(tool.id)) continue;
      if (!this.#isDue(tool)) continue;
      this.#asked.add(tool.id);
      this.#ask(tool.id);
      if (isDeparture(tool.call)) return tool;
    }
  }

  /** A contact is noted immediately: a caller who hangs up during the thanks has left it all the same. */
  #isDue({ turn, after, call }: ToolRecord): boolean {
    if (call.name === "take_contact") return true;
    const phrases = this.#record.turns.find((one) => one.turn === turn)?.phrases ?? [];
    return phrases.slice(0, after).every(({ heard }) => heard);
  }
}

/** Whether a tool call ends the bot's part of the call. */
function isDeparture({ name }: ToolCall): boolean {
  return name === "hang_up" || name === "transfer_to";
}
