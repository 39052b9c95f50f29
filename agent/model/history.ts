// The part of the conversation that a model sees: the newest turns within a token budget.

import type { DialogueTurn } from "../agent.ts";

/** A message's overhead besides its text, in tokens. */
const TOKENS_PER_MESSAGE = 4;

/**
 * The newest turns of `history` that fit into `budget` tokens, oldest first. Turns are never split, and
 * an answer is never kept without its question.
 */
export function recentHistory(history: readonly DialogueTurn[], budget: number): DialogueTurn[] {
  let left = budget;
  let from = history.length;
  while (from > 0) {
    left -= estimateTokens(history[from - 1]!.text) + TOKENS_PER_MESSAGE;
    if (left < 0) break;
    from--;
  }
  const kept = history.slice(from);
  return from > 0 && kept[0]?.role === "bot" ? kept.slice(1) : kept;
}

/**
 * An upper estimate of the tokens in `text`. A real tokenizer's tables take more memory than a call
 * isolate can spare; GPT-4o's turns 4 to 5 characters of English, about 3 of Russian, into a token.
 */
export function estimateTokens(text: string): number {
  const other = text.match(/[\u0250-\uffff]/g)?.length ?? 0;
  return Math.ceil((text.length - other) / 4 + other / 2.5);
}
