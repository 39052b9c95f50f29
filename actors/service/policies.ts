// Every deadline of a call, as data: how long each phase may last, and what follows. Shown by
// `deno task start --policies`.
//
// Phase deadlines live with the service, where an isolate that hangs cannot stop them. A provider's
// patience lives with the provider and is a setting.

import type { Settings } from "../../config/settings.ts";
import type { Phase } from "../call_record.ts";

/**
 * What follows a deadline.
 * - `nudge`: the caller is asked whether they are there, once until they speak again.
 * - `restart`: the isolate is replaced; the call resumes where it was.
 * - `apologise`: the answer is given up with an apology; the call listens again.
 * - `handover`: last words, then the dialplan's fallback context.
 * - `hangup`: last words, then the end of the call.
 */
export type DeadlineAction = "nudge" | "restart" | "apologise" | "handover" | "hangup";

/** One deadline. */
export interface Deadline {
  readonly afterMs: number;
  readonly then: DeadlineAction;
}

/** The deadlines of one phase. */
export interface PhasePolicy {
  /** Where the time starts; each later occurrence starts it again. */
  readonly countedFrom:
    | "entering the phase"
    | "the last phrase heard"
    | "the last sound of the caller";
  readonly deadlines: readonly Deadline[];
}

/** The deadlines of a call. */
export interface Policies {
  readonly phases: Readonly<Record<Phase, PhasePolicy>>;
  /** Of the whole call. */
  readonly call: Deadline;
}

/** The PBX connects media within milliseconds; ten seconds mean a fault. */
const ANSWERING_MS = 10_000;
/** Longer than any one phrase: if nothing was heard for so long while speaking, playout has died. */
const PHRASE_MS = 30_000;
/** An isolate that does not even get to its apology within this is replaced. */
const APOLOGY_MS = 5000;
/** For the last words and the way back to the dialplan. */
const HANDOVER_MS = 15_000;

/** The deadlines that these settings ask for. */
export function policiesOf(settings: Settings): Policies {
  const seconds = (
    name: "SILENCE_NUDGE_SECONDS" | "CALL_INACTIVITY_TIMEOUT" | "AI_PROCESSING_TIMEOUT",
  ) => settings[name] * 1000;
  return {
    phases: {
      answering: {
        countedFrom: "entering the phase",
        deadlines: [{ afterMs: ANSWERING_MS, then: "restart" }],
      },
      greeting: {
        countedFrom: "the last phrase heard",
        deadlines: [{ afterMs: PHRASE_MS, then: "restart" }],
      },
      listening: {
        countedFrom: "the last sound of the caller",
        deadlines: [
          { afterMs: seconds("SILENCE_NUDGE_SECONDS"), then: "nudge" },
          { afterMs: seconds("CALL_INACTIVITY_TIMEOUT"), then: "hangup" },
        ],
      },
      thinking: {
        countedFrom: "entering the phase",
        deadlines: [
          { afterMs: seconds("AI_PROCESSING_TIMEOUT"), then: "apologise" },
          { afterMs: seconds("AI_PROCESSING_TIMEOUT") + APOLOGY_MS, then: "restart" },
        ],
      },
      speaking: {
        countedFrom: "the last phrase heard",
        deadlines: [{ afterMs: PHRASE_MS, then: "restart" }],
      },
      handover: {
        countedFrom: "entering the phase",
        deadlines: [{ afterMs: HANDOVER_MS, then: "handover" }],
      },
    },
    call: { afterMs: settings.MAX_CALL_SECONDS * 1000, then: "hangup" },
  };
}

/** The policies as text for the operator, one line per deadline. */
export function describePolicies({ phases, call }: Policies): string {
  const lines = Object.entries(phases).flatMap(([phase, policy]) =>
    policy.deadlines.map(({ afterMs, then }) =>
      `${phase.padEnd(10)} ${`${afterMs / 1000} s`.padStart(8)} after ${
        policy.countedFrom.padEnd(29)
      } ${then}`
    )
  );
  return [
    ...lines,
    `${"any".padEnd(10)} ${`${call.afterMs / 1000} s`.padStart(8)} after ${
      "the call began".padEnd(29)
    } ${call.then}`,
  ]
    .join("\n");
}
