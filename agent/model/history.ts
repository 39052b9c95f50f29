// How much of the conversation a model is shown: the newest turns that fit a budget of tokens.

import type { DialogueTurn } from "../agent.ts";

/** What a message costs besides its text. */
const TOKENS_PER_MESSAGE = 4;

/**
 * The newest turns of `history` that fit `budget` tokens together, oldest first. A turn is kept or
 * left whole, and the bot's answer is never kept without the question before it.
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
 * About how many tokens `text` is to a model, rather too many than too few. A real tokenizer's
 * tables take more memory than a call's isolate has to spare; GPT-4o's makes 4 to 5 characters of
 * English and about 3 of Russian into a token.
 */
export function estimateTokens(text: string): number {
  const other = text.match(/[\u0250-\uffff]/g)?.length ?? 0;
  return Math.ceil((text.length - other) / 4 + other / 2.5);
}
