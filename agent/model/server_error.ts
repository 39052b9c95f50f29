// What is taken of a model server's own account of its failure.

import { APIConnectionError, APIError, OpenAIError } from "openai";

/**
 * Whether an error's words come from this machine. A server's own may hold anything: the key it was
 * given, what the caller said, a whole page; and so may a parser's, which quotes what it cannot read.
 */
export function isOurs(error: unknown): boolean {
  if (error instanceof APIConnectionError) return true;
  return !(error instanceof OpenAIError) && !(error instanceof SyntaxError);
}

/** Codes of OpenAI's API that help an operator ("Error codes" of its reference); others are not repeated. */
const KNOWN_CODES: ReadonlySet<unknown> = new Set([
  "context_length_exceeded",
  "insufficient_quota",
  "invalid_api_key",
  "model_not_found",
  "rate_limit_exceeded",
  "unsupported_country_region_territory",
]);

/** A server's code, if it is one of OpenAI's. */
export function knownCode(code: unknown): string[] {
  return KNOWN_CODES.has(code) ? [String(code)] : [];
}

/** Retry-After in milliseconds; the header holds seconds or a date (RFC 9110, 10.2.3). */
export function retryAfterMs(error: unknown): number | undefined {
  const header = error instanceof APIError ? error.headers?.get("retry-after") : undefined;
  if (!header) return undefined;
  const seconds = Number(header);
  const wait = Number.isNaN(seconds) ? Date.parse(header) - Date.now() : seconds * 1000;
  return Number.isNaN(wait) ? undefined : Math.max(0, wait);
}

/** Faults by which a server says that it did not take the request, and so will not charge for it. */
export const NOT_TAKEN: ReadonlySet<string> = new Set([
  "no_streaming",
  "unauthorized",
  "rate_limited",
  "server_error",
  "rejected",
  "unreachable",
]);
