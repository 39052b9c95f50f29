// The assistant's mind as a call sees it: a caller's turn goes in, phrases to speak come out
// while they are made.

import type { KnowledgeBaseName } from "../language/language.ts";

/** Who said what, as it was heard. */
export interface DialogueTurn {
  readonly role: "caller" | "bot";
  readonly text: string;
  /** The bot was cut off after `text`. */
  readonly interrupted?: boolean;
}

/** A caller's turn to be answered. */
export interface AgentRequest {
  readonly text: string;
  /** The conversation before this turn, oldest first. */
  readonly history: readonly DialogueTurn[];
  /**
   * Phrases of this very answer that the caller has heard, when it is begun again after a failure:
   * what comes now continues them and does not repeat them.
   */
  readonly alreadyHeard?: readonly string[];
  /** Aborted when the answer is no longer wanted: the provider's stream is cancelled. */
  readonly signal: AbortSignal;
}

/** What a caller left to be called back on; at least one is given. */
export interface Contact {
  readonly name?: string;
  /** As written by the model, 7 to 15 digits. */
  readonly phone?: string;
  readonly email?: string;
}

/** What the assistant does besides speaking. Checked against the configuration before it is emitted. */
export type ToolCall =
  /** Hand the caller over to an extension of TRANSFER_TARGETS. */
  | { readonly name: "transfer_to"; readonly key: string; readonly extension: string }
  /** End the call, once the phrases before this event have been heard. */
  | { readonly name: "hang_up" }
  /** Press keys: 0-9, *, #, A-D. */
  | { readonly name: "send_dtmf"; readonly digits: string }
  /** Note how to reach the caller in the call's record. */
  | { readonly name: "take_contact"; readonly contact: Contact };

/** What an assistant's answer is made of, in the order it is made. */
export type AgentEvent =
  /** A phrase to speak, for `speakable` and then synthesis; phrases are heard in this order. */
  | { readonly kind: "phrase"; readonly text: string }
  /** A moment worth timing has passed. */
  | { readonly kind: "stage"; readonly stage: "retrieval" | "model_first_token" }
  /** What the answer rests on. */
  | {
    readonly kind: "sources";
    readonly chunks: readonly { readonly kb: KnowledgeBaseName; readonly heading: string }[];
    /** Where was looked. */
    readonly route?: KnowledgeBaseName | "both";
  }
  /**
   * To be done after the phrases before it were heard. The same turn of the same call always gives
   * the same wish the same `id`, so that a resumed call can tell what it has already done.
   */
  | { readonly kind: "tool"; readonly id: string; readonly call: ToolCall }
  /** A part failed and another took its place; to be counted. The operator's line is logged already. */
  | {
    readonly kind: "degraded";
    readonly part: "model" | "retrieval" | "rewrite" | "tool";
    /** What is used now: a model, "lexical", "apology"… */
    readonly to: string;
    readonly reason: string;
  }
  /** What a request to a model cost, where the provider says. */
  | {
    readonly kind: "usage";
    readonly model: string;
    readonly promptTokens: number;
    readonly completionTokens: number;
  };

/** An assistant. One for each call. */
export interface Agent {
  readonly name: string;
  /** What the bot says first. */
  readonly greeting: string;
  /**
   * Answers a turn as a stream that begins at once. Ends without an error when aborted.
   *
   * @throws {AgentError}
   */
  respond(request: AgentRequest): AsyncIterable<AgentEvent>;
  /** The caller has begun to speak: what an answer would wait for may be done meanwhile. Never throws. */
  prepare?(): void;
}

/** The assistant could not answer; the message says what was tried, on what, and what to do. */
export class AgentError extends Error {
  override readonly name: string = "AgentError";
}
