// The assistant's mind as a call sees it: a caller's turn goes in, phrases to speak come out
// while they are made.

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

/** Which knowledge base an answer rests on. */
export type KnowledgeBaseName = "general" | "tech";

/** What an assistant's answer is made of, in the order it is made. */
export type AgentEvent =
  /** A phrase to speak, ready for synthesis; phrases are heard in this order. */
  | { readonly kind: "phrase"; readonly text: string }
  /** A moment worth timing has passed. */
  | { readonly kind: "stage"; readonly stage: "retrieval" | "model_first_token" }
  /** What the answer rests on. */
  | {
    readonly kind: "sources";
    readonly chunks: readonly { readonly kb: KnowledgeBaseName; readonly heading: string }[];
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
}

/** The assistant could not answer; the message says what was tried, on what, and what to do. */
export class AgentError extends Error {
  override readonly name = "AgentError";
}
