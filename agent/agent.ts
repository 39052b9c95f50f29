// The agent as a call sees it: a caller's turn goes in, phrases to speak come out as they are made.

import type { KnowledgeBaseName } from "../language/language.ts";

/** One party's words, as far as they were heard. */
export interface DialogueTurn {
  readonly role: "caller" | "bot";
  readonly text: string;
  /** The bot was interrupted after `text`. */
  readonly interrupted?: boolean;
}

/** A caller's turn that wants an answer. */
export interface AgentRequest {
  readonly text: string;
  /** The conversation before this turn, oldest first. */
  readonly history: readonly DialogueTurn[];
  /**
   * Phrases of this same answer that the caller has already heard, when it is restarted after a
   * failure. The new answer continues them without repeating them.
   */
  readonly alreadyHeard?: readonly string[];
  /** Aborts when the answer is no longer wanted; the provider's stream is then cancelled. */
  readonly signal: AbortSignal;
}

/** How to reach the caller; at least one field is present. */
export interface Contact {
  readonly name?: string;
  /** As written by the model, 7 to 15 digits. */
  readonly phone?: string;
  readonly email?: string;
}

/** What an agent does besides speaking. Checked against the configuration before it is emitted. */
export type ToolCall =
  /** Transfer the caller to an extension of TRANSFER_TARGETS. */
  | { readonly name: "transfer_to"; readonly key: string; readonly extension: string }
  /** End the call, once the phrases before this event have been heard. */
  | { readonly name: "hang_up" }
  /** Send DTMF digits: 0-9, *, #, A-D. */
  | { readonly name: "send_dtmf"; readonly digits: string }
  /** Keep in the call's record how to reach the caller. */
  | { readonly name: "take_contact"; readonly contact: Contact };

/** The parts of an answer, in the order they are made. */
export type AgentEvent =
  /** A phrase to pass through `speakable` and synthesise; phrases are heard in this order. */
  | { readonly kind: "phrase"; readonly text: string }
  /** A timed stage was reached. */
  | { readonly kind: "stage"; readonly stage: "retrieval" | "model_first_token" }
  /** The passages that the answer rests on. */
  | {
    readonly kind: "sources";
    readonly chunks: readonly { readonly kb: KnowledgeBaseName; readonly heading: string }[];
    /** The knowledge base that was searched. */
    readonly route?: KnowledgeBaseName | "both";
  }
  /**
   * To be carried out after the phrases before it have been heard. The same tool call in the same turn
   * always has the same `id`, so a resumed call knows what it has already done.
   */
  | { readonly kind: "tool"; readonly id: string; readonly call: ToolCall }
  /** A part failed and another took its place. For the metrics; the log line has been written. */
  | {
    readonly kind: "degraded";
    readonly part: "model" | "retrieval" | "rewrite" | "tool";
    /** The replacement: a model, "lexical", "apology"… */
    readonly to: string;
    readonly reason: string;
  };

/**
 * The cost of a request to a model. It is no part of an answer: a request that nobody waits for any
 * longer has its cost, too.
 */
export interface ModelUsage {
  readonly kind: "usage";
  readonly model: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** Makes the answers of one call. */
export interface Agent {
  readonly name: string;
  /** The bot's first words. */
  readonly greeting: string;
  /** All it says stands in the prompts or the knowledge bases: nothing of a caller's is in it. */
  readonly impersonal: boolean;
  /**
   * Answers a turn as a stream. Ends without an error when aborted.
   *
   * @throws {AgentError}
   */
  respond(request: AgentRequest): AsyncIterable<AgentEvent>;
  /** The caller has begun to speak: time to prepare what an answer would wait for. Never throws. */
  prepare?(): void;
}

/** The agent could not answer. The message says what was tried, on what, and the cure. */
export class AgentError extends Error {
  override readonly name: string = "AgentError";
}
