// The bounds on what one call may take: the caller's turns, and the tokens of models. They live with
// the service and count from the call's record, so no isolate's death sets them back.

import type { Settings } from "../../../config/settings.ts";
import type { CallEvent, CallRecord } from "../../call_record.ts";

/** What a call has used up. */
export type CallBound = "turns" | "tokens";

/** The settings that bound a call. */
type Bounds = Pick<Settings, "MAX_TURNS" | "LLM_CALL_TOKENS">;

/**
 * The bound that a call has reached, if now is the time to say so: when the answer to its last turn has
 * been heard to its end, or else when the caller has finished what they say next.
 *
 * @param record with the event folded in.
 */
export function boundReached(
  record: Pick<CallRecord, "tokens" | "turns">,
  event: CallEvent,
  { MAX_TURNS, LLM_CALL_TOKENS }: Bounds,
): CallBound | undefined {
  const inTime = event.kind === "caller_turn" ||
    (event.kind === "phase" && event.phase === "listening" && hasTheFloor(record));
  if (!inTime) return undefined;
  if (LLM_CALL_TOKENS > 0 && record.tokens >= LLM_CALL_TOKENS) return "tokens";
  if (MAX_TURNS === 0) return undefined;
  const turns = record.turns.filter(({ caller }) => caller !== undefined).length;
  // The last turn is answered first; one that came after it is not.
  return turns > MAX_TURNS || (turns === MAX_TURNS && event.kind === "phase") ? "turns" : undefined;
}

/** Whether nobody speaks: the bot has said all, and the caller did not talk over it. */
function hasTheFloor({ turns }: Pick<CallRecord, "turns">): boolean {
  const last = turns.at(-1);
  return last !== undefined && last.answerComplete && !last.interrupted;
}
