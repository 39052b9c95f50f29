// The client of OpenAI or a compatible server, and how its requests fail.

import OpenAI, { APIConnectionError, APIError } from "openai";
import type { Settings } from "../../config/settings.ts";
import { boundedFetch } from "../../runtime/bounded_fetch.ts";
import { ServiceFailure } from "../failure.ts";
import { connectionFailure, type HttpService, statusFailure } from "../http_service.ts";

const OPENAI_URL = "https://api.openai.com/v1";
/** Eleven minutes of audio (24 kHz, 16 bit): the longest text of a request takes five. */
const LARGEST_ANSWER = 32 * 1024 * 1024;

/** A client without retries: retrying and failover are decided in one place, not here. */
export function openAiClient(settings: Settings, timeoutMs: number): OpenAI {
  return new OpenAI({
    // The client requires a key; compatible servers often have none.
    apiKey: settings.OPENAI_API_KEY || "none",
    baseURL: settings.OPENAI_BASE_URL || OPENAI_URL,
    // Set, so that the client does not read them from the environment.
    organization: null,
    project: null,
    maxRetries: 0,
    fetch: boundedFetch(LARGEST_ANSWER),
    timeout: timeoutMs,
    logLevel: "off",
  });
}

/** How an error describes this client's requests. */
export function openAiService(client: OpenAI, task: "transcription" | "speech"): HttpService {
  return {
    name: "openai",
    does: `OpenAI ${task} at ${client.baseURL}`,
    key: "OPENAI_API_KEY",
    shapedBy: task === "speech"
      ? "OPENAI_TTS_MODEL, OPENAI_TTS_VOICE and OPENAI_TTS_SPEED"
      : "OPENAI_STT_MODEL",
  };
}

/** The failure that an error of the client means. */
export function openAiFailure(service: HttpService, error: unknown): ServiceFailure {
  if (error instanceof ServiceFailure) return error;
  if (error instanceof APIError && error.status !== undefined) {
    const said = (error.error as { message?: unknown } | undefined)?.message;
    return statusFailure(service, error.status, typeof said === "string" ? said : "");
  }
  return connectionFailure(service, error instanceof APIConnectionError ? error.cause : error);
}
