// What a conversation is given, and whom it tells.

import type { Prompts } from "../../../config/prompts.ts";
import type { BargeInOptions } from "../../../media/turns/barge_in.ts";
import type { Playout } from "../../../media/playout/playout.ts";
import type { CallEvent, CallRecord } from "../../call_record.ts";
import type { CallCounter } from "../../messages.ts";
import type { Recogniser } from "../recogniser.ts";
import type { EarlyAgentOptions, EarlyAgentOutput } from "./early_agent.ts";
import type { Speaker } from "../speaker.ts";
import type { SpokenPhrase } from "./answer.ts";

/** What a conversation tells the outside. */
export interface ConversationOutput extends EarlyAgentOutput {
  event(event: CallEvent): void;
  callerSpeaking(speaking: boolean): void;
  progress(): void;
  said(): void;
  count(what: CallCounter): void;
  /** A tool of the record is due; `toolDone` is to follow. */
  toolCall(id: string): void;
}

/** What a conversation needs. */
export interface ConversationOptions extends EarlyAgentOptions {
  readonly prompts: Prompts;
  /** A filler is spoken when an answer takes longer (`FILLER_AFTER_MS`); 0 is never. */
  readonly fillerAfterMs: number;
  readonly bargeIn: BargeInOptions & { readonly enabled: boolean };
  readonly output: ConversationOutput;
  /** What is known of the call, to begin or to go on from. The conversation keeps it up to date. */
  readonly record: CallRecord;
}

/** The parts that carry the voice. */
export interface Voice {
  readonly recogniser: Recogniser;
  readonly speaker: Speaker<SpokenPhrase>;
  readonly playout: Playout<SpokenPhrase>;
}
