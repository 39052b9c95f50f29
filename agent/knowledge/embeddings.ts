// Texts as vectors, by OpenAI (or a compatible server) or by Yandex.

import { APIConnectionError, APIError, type OpenAI } from "openai";
import { z } from "zod";
import type { Settings } from "../../config/settings.ts";
import { boundedFetch } from "../../runtime/bounded_fetch.ts";
import { messageOf } from "../../runtime/error_text.ts";
import { AgentError } from "../agent.ts";
import { openAiClient } from "../model/openai_client.ts";

/** Turns texts into vectors. */
export interface Embedder {
  /** Provider and model. Vectors made under different names cannot be compared. */
  readonly name: string;
  /** The vectors of texts to be found, in their order. @throws {EmbeddingError} */
  documents(texts: readonly string[], signal?: AbortSignal): Promise<number[][]>;
  /** The vector of a question to find them with. @throws {EmbeddingError} */
  query(text: string, signal?: AbortSignal): Promise<number[]>;
}

/** No vector could be made. The message says by whom, why, and what to do. */
export class EmbeddingError extends AgentError {
  override readonly name = "EmbeddingError";

  /** @param mayPass whether a later try may succeed. */
  constructor(message: string, readonly mayPass = false, options?: ErrorOptions) {
    super(message, options);
  }
}

/** The settings embedding needs. */
export type EmbeddingSettings = Pick<
  Settings,
  | "EMBEDDING_PROVIDER"
  | "EMBEDDING_MODEL"
  | "OPENAI_API_KEY"
  | "OPENAI_BASE_URL"
  | "YANDEX_API_KEY"
  | "YANDEX_FOLDER_ID"
  | "YANDEX_EMBEDDING_URL"
>;

/** The embedder that EMBEDDING_PROVIDER names. */
export function createEmbedder(settings: EmbeddingSettings): Embedder {
  return settings.EMBEDDING_PROVIDER === "yandex"
    ? new YandexEmbedder(settings)
    : new OpenAiEmbedder(settings);
}

/** Vectors as JSON: a hundred of 3,072 numbers have about 7 MB. */
const LARGEST_ANSWER = 32 * 1024 * 1024;

const OPENAI_ANSWER = z.object({
  data: z.array(z.object({ index: z.int(), embedding: z.array(z.number()).min(1) })),
});

/** `POST /embeddings` of OpenAI, many texts a request. */
class OpenAiEmbedder implements Embedder {
  readonly name: string;
  readonly #model: string;
  readonly #client: OpenAI;

  constructor(settings: EmbeddingSettings) {
    this.#model = settings.EMBEDDING_MODEL || "text-embedding-3-small";
    this.#client = openAiClient(settings, LARGEST_ANSWER);
    this.name = `openai/${this.#model}`;
  }

  async documents(texts: readonly string[], signal?: AbortSignal): Promise<number[][]> {
    const { baseURL } = this.#client;
    const answer = await this.#client.embeddings.create(
      { model: this.#model, input: [...texts], encoding_format: "float" },
      { signal },
    ).catch((cause) => {
      throw openAiFailure(baseURL, cause);
    });
    // The client hands over a body of another content type as it is.
    if (typeof answer === "string") throw notJson(baseURL, undefined);
    const { data } = understood(OPENAI_ANSWER, answer, baseURL);
    if (data.length !== texts.length) {
      throw new EmbeddingError(
        `${hostOf(baseURL)} returned ${data.length} embeddings for ${texts.length} texts.`,
      );
    }
    return data.toSorted((a, b) => a.index - b.index).map(({ embedding }) => embedding);
  }

  async query(text: string, signal?: AbortSignal): Promise<number[]> {
    return (await this.documents([text], signal))[0]!;
  }
}

/** Never the server's own words: they may quote the key. */
function openAiFailure(url: string, cause: unknown): EmbeddingError {
  if (cause instanceof APIError && cause.status !== undefined) {
    return statusFailure(url, cause.status, OPENAI_SETTINGS);
  }
  if (cause instanceof SyntaxError) return notJson(url, cause);
  return unreachable(
    url,
    cause instanceof APIConnectionError ? cause.cause : cause,
    OPENAI_SETTINGS,
  );
}

const OPENAI_SETTINGS = "OPENAI_API_KEY and OPENAI_BASE_URL";

/** Yandex may encode its doubles as strings. */
const YANDEX_ANSWER = z.object({ embedding: z.array(z.coerce.number()).min(1) });
/** Concurrent requests to Yandex, which takes one text per request (default quota: 10 a second). */
const YANDEX_AT_ONCE = 5;

/**
 * `TextEmbedding` of Yandex Foundation Models, one text per request. Documents and questions have
 * separate models. Source: yandex-cloud/docs, foundation-models/embeddings/api-ref.
 */
class YandexEmbedder implements Embedder {
  readonly name: string;
  readonly #model: string;
  readonly #settings: EmbeddingSettings;

  constructor(settings: EmbeddingSettings) {
    this.#settings = settings;
    this.#model = settings.EMBEDDING_MODEL || "text-search";
    this.name = `yandex/${this.#model}`;
  }

  async documents(texts: readonly string[], signal?: AbortSignal): Promise<number[][]> {
    const vectors: number[][] = [];
    for (let i = 0; i < texts.length; i += YANDEX_AT_ONCE) {
      const group = texts.slice(i, i + YANDEX_AT_ONCE);
      vectors.push(...await Promise.all(group.map((text) => this.#embed("doc", text, signal))));
    }
    return vectors;
  }

  query(text: string, signal?: AbortSignal): Promise<number[]> {
    return this.#embed("query", text, signal);
  }

  async #embed(kind: "doc" | "query", text: string, signal?: AbortSignal): Promise<number[]> {
    const { YANDEX_EMBEDDING_URL, YANDEX_API_KEY, YANDEX_FOLDER_ID } = this.#settings;
    const answer = await post(
      YANDEX_EMBEDDING_URL,
      `Api-Key ${YANDEX_API_KEY}`,
      {
        modelUri: `emb://${YANDEX_FOLDER_ID}/${this.#model}-${kind}/latest`,
        text,
      },
      "YANDEX_API_KEY, YANDEX_FOLDER_ID and YANDEX_EMBEDDING_URL",
      signal,
    );
    return understood(YANDEX_ANSWER, answer, YANDEX_EMBEDDING_URL).embedding;
  }
}

async function post(
  url: string,
  authorization: string,
  body: unknown,
  settings: string,
  signal?: AbortSignal,
): Promise<unknown> {
  let response: Response;
  try {
    response = await boundedFetch(LARGEST_ANSWER)(url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization },
      body: JSON.stringify(body),
      ...(signal && { signal }),
    });
  } catch (cause) {
    throw unreachable(url, cause, settings);
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw statusFailure(url, response.status, settings);
  }
  try {
    return await response.json();
  } catch (cause) {
    throw notJson(url, cause);
  }
}

function unreachable(url: string, cause: unknown, settings: string): EmbeddingError {
  const message = `No embedding from ${hostOf(url)}: ${messageOf(cause)}; check ${settings}.`;
  return new EmbeddingError(message, true, { cause });
}

function statusFailure(url: string, status: number, settings: string): EmbeddingError {
  return new EmbeddingError(
    `No embedding from ${hostOf(url)}: it answered HTTP ${status}; check ${settings}.`,
    status === 429 || status >= 500,
  );
}

function notJson(url: string, cause: unknown): EmbeddingError {
  return new EmbeddingError(`${hostOf(url)} answered with something that is not JSON.`, true, {
    cause,
  });
}

function understood<T>(schema: z.ZodType<T>, answer: unknown, url: string): T {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  throw new EmbeddingError(
    `${hostOf(url)} answered with something that is not an embedding: ${
      result.error.issues[0]?.message
    }.`,
  );
}

function hostOf(url: string): string {
  return new URL(url).host;
}
