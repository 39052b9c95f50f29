// Texts as vectors, by OpenAI (or a compatible server) or by Yandex.

import { z } from "zod";
import { messageOf } from "../../runtime/error_text.ts";
import type { Settings } from "../../config/settings.ts";
import { AgentError } from "../agent.ts";

/** Makes vectors of texts. */
export interface Embedder {
  /** Provider and model: vectors of different names cannot be compared. */
  readonly name: string;
  /** Texts to be found, a vector each, in order. @throws {EmbeddingError} */
  documents(texts: readonly string[], signal?: AbortSignal): Promise<number[][]>;
  /** A question to find them with. @throws {EmbeddingError} */
  query(text: string, signal?: AbortSignal): Promise<number[]>;
}

/** No vector could be had; the message says from whom, why, and what to do. */
export class EmbeddingError extends AgentError {
  override readonly name = "EmbeddingError";

  /** @param mayPass whether asking again later may help */
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

const OPENAI_ANSWER = z.object({
  data: z.array(z.object({ index: z.int(), embedding: z.array(z.number()).min(1) })),
});

/** `POST /embeddings` of OpenAI, many texts a request. */
class OpenAiEmbedder implements Embedder {
  readonly name: string;
  readonly #model: string;
  readonly #url: string;
  readonly #key: string;

  constructor({ EMBEDDING_MODEL, OPENAI_API_KEY, OPENAI_BASE_URL }: EmbeddingSettings) {
    this.#model = EMBEDDING_MODEL || "text-embedding-3-small";
    this.#url = `${OPENAI_BASE_URL || "https://api.openai.com/v1"}/embeddings`;
    this.#key = OPENAI_API_KEY;
    this.name = `openai/${this.#model}`;
  }

  async documents(texts: readonly string[], signal?: AbortSignal): Promise<number[][]> {
    const answer = await post(
      this.#url,
      `Bearer ${this.#key || "none"}`,
      {
        model: this.#model,
        input: texts,
        encoding_format: "float",
      },
      "OPENAI_API_KEY and OPENAI_BASE_URL",
      signal,
    );
    const { data } = understood(OPENAI_ANSWER, answer, this.#url);
    if (data.length !== texts.length) {
      throw new EmbeddingError(
        `${hostOf(this.#url)} made ${data.length} embeddings of ${texts.length} texts.`,
      );
    }
    return data.toSorted((a, b) => a.index - b.index).map(({ embedding }) => embedding);
  }

  async query(text: string, signal?: AbortSignal): Promise<number[]> {
    return (await this.documents([text], signal))[0]!;
  }
}

/** Yandex writes its doubles as strings where a client cannot take numbers. */
const YANDEX_ANSWER = z.object({ embedding: z.array(z.coerce.number()).min(1) });
/** Requests at once to Yandex, which takes one text a request (its default quota is 10 a second). */
const YANDEX_AT_ONCE = 5;

/**
 * `TextEmbedding` of Yandex Foundation Models, one text a request; documents and questions have
 * models of their own. Source: yandex-cloud/docs, foundation-models/embeddings/api-ref.
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
    response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization },
      body: JSON.stringify(body),
      ...(signal && { signal }),
    });
  } catch (cause) {
    throw new EmbeddingError(
      `No embedding from ${hostOf(url)}: ${messageOf(cause)}; check ${settings}.`,
      true,
      { cause },
    );
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw new EmbeddingError(
      `No embedding from ${hostOf(url)}: it answered HTTP ${response.status}; check ${settings}.`,
      response.status === 429 || response.status >= 500,
    );
  }
  try {
    return await response.json();
  } catch (cause) {
    throw new EmbeddingError(`${hostOf(url)} answered with something that is not JSON.`, true, {
      cause,
    });
  }
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
