// The client of an OpenAI-compatible server, for the model and for embeddings.

import OpenAI from "openai";
import type { Settings } from "../../config/settings.ts";
import { boundedFetch } from "../../runtime/bounded_fetch.ts";

/**
 * A client that tries once: what to try next is decided by its user, never by the client.
 * It follows no redirect, and an answer breaks off after `largestBytes`. It reads nothing from the environment, so a compatible server gets its own key and nothing else.
 */
export function openAiClient(
  { OPENAI_API_KEY, OPENAI_BASE_URL }: Pick<Settings, "OPENAI_API_KEY" | "OPENAI_BASE_URL">,
  largestBytes: number,
): OpenAI {
  return new OpenAI({
    // A compatible server on one's own machine needs no key, but the client insists on one.
    apiKey: OPENAI_API_KEY || "none",
    baseURL: OPENAI_BASE_URL || "https://api.openai.com/v1",
    organization: null,
    project: null,
    maxRetries: 0,
    fetch: boundedFetch(largestBytes),
    logLevel: "off",
  });
}
