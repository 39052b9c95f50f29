// What a conversation is made of, and what it reports.

import type { Prompts } from "../../../config/prompts.ts";
import type { AudioOutput } from "../../../media/audio_output.ts";
import type { BargeInOptions } from "../../../media/turns/barge_in.ts";
import type { CallEvent, CallRecord } from "../../call_record.ts";
import type { CallCounter } from "../../messages.ts";
import type { RecogniserOptions } from "../recogniser.ts";
import type { SpeakerOptions } from "../speaker.ts";
import type { SpokenPhrase } from "./answer.ts";
import type { EarlyAgentOptions, EarlyAgentOutput } from "./early_agent.ts";

/** What a conversation reports. */
export interface ConversationOutput extends EarlyAgentOutput {
  event(event: CallEvent): void;
  callerSpeaking(speaking: boolean): void;
  /** A phrase was heard to its end: playout is alive. */
  progress(): void;
  /** The last words were heard. */
  said(): void;
  count(what: CallCounter): void;
  /** A tool call of the record is due; `toolDone` is to follow. */
  toolCall(id: string): void;
}

/** What a conversation needs. */
export interface ConversationOptions extends EarlyAgentOptions {
  readonly prompts: Prompts;
  /**
   * The machine is short of power: texts in mid-sentence and answers begun early are left out. Turns,
   * pauses and audio are not.
   */
  readonly pressed: () => boolean;
  /** An answer that takes longer is announced by a filler (`FILLER_AFTER_MS`); 0 is never. */
  readonly fillerAfterMs: number;
  readonly bargeIn: BargeInOptions & { readonly enabled: boolean };
  /** How the caller is heard. */
  readonly recogniser: Omit<RecogniserOptions, "call" | "language" | "events">;
  /** How the bot's phrases are synthesised. */
  readonly speaker: Omit<
    SpeakerOptions<SpokenPhrase>,
    "call" | "language" | "playout" | "events"
  >;
  /** Where the bot's audio goes, and how far ahead of the caller's ear (`PLAYOUT_LOOKAHEAD_MS`). */
  readonly playout: { readonly output: AudioOutput; readonly lookaheadMs: number };
  readonly output: ConversationOutput;
  /** What is known of the call, whether it begins or is resumed. The conversation keeps it up to date. */
  readonly record: CallRecord;
}
