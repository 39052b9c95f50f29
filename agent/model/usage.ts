// What a server says that an answer cost. It is data: some say -1 for unknown, some a string.

/** The usage as an event; what is no amount of tokens counts as 0. */
export function usageEvent(
  usage: { readonly prompt_tokens: unknown; readonly completion_tokens: unknown },
): { kind: "usage"; promptTokens: number; completionTokens: number } {
  return {
    kind: "usage",
    promptTokens: tokensOf(usage.prompt_tokens),
    completionTokens: tokensOf(usage.completion_tokens),
  };
}

function tokensOf(count: unknown): number {
  return Number.isSafeInteger(count) && Number(count) >= 0 ? Number(count) : 0;
}
