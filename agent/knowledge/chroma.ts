// The layout of the knowledge bases in Chroma. Each build is a collection of its own. The metadata of
// an empty collection, the pointer, names the live build, so one write swaps a build in.

import {
  ChromaClient,
  ChromaNotFoundError,
  type Collection,
  type EmbeddingFunction,
} from "chromadb";
import { z } from "zod";
import { messageOf } from "../../runtime/error_text.ts";
import type { Settings } from "../../config/settings.ts";
import { AgentError } from "../agent.ts";

/** Chroma cannot be used. The message says where it is and what to do. */
export class ChromaStoreError extends AgentError {
  override readonly name = "ChromaStoreError";
}

const POINTER = z.object({
  /** Name of the live collection. */
  live: z.string(),
  /** The `Embedder.name` that it was built with. */
  embedding: z.string(),
  /** Length of its vectors. */
  dimension: z.int(),
  chunks: z.int(),
  /** When it was built, ISO 8601. */
  built: z.string(),
});

/** The pointer's description of the live build. */
export type KbPointer = z.infer<typeof POINTER>;

/** We make the embeddings; Chroma's client must never make any. */
const NO_EMBEDDING: EmbeddingFunction = {
  generate: () => Promise.reject(new Error("embeddings are made outside of Chroma's client")),
};

/** The knowledge bases of one Chroma server. */
export class ChromaKnowledge {
  readonly #client: ChromaClient;
  readonly #name: string;
  readonly #url: string;

  constructor(
    { CHROMA_URL, CHROMA_COLLECTION }: Pick<Settings, "CHROMA_URL" | "CHROMA_COLLECTION">,
  ) {
    const { hostname, port, protocol } = new URL(CHROMA_URL);
    const ssl = protocol === "https:";
    this.#client = new ChromaClient({
      host: hostname,
      port: Number(port) || (ssl ? 443 : 80),
      ssl,
    });
    this.#name = CHROMA_COLLECTION;
    this.#url = CHROMA_URL;
  }

  /**
   * The live build; undefined before the first one.
   *
   * @throws {ChromaStoreError} when the server cannot be reached.
   */
  async pointer(): Promise<KbPointer | undefined> {
    const collection = await this.open(this.#name);
    return collection && POINTER.safeParse(collection.metadata).data;
  }

  /** Makes a build live in one step. @throws {ChromaStoreError} */
  async point(to: KbPointer): Promise<void> {
    const collection = await this.open(this.#name);
    await this.#ask(async () => {
      if (collection) await collection.modify({ metadata: to });
      else {
        await this.#client.createCollection({
          name: this.#name,
          metadata: to,
          embeddingFunction: null,
        });
      }
    });
  }

  /** A collection by its name, or undefined. @throws {ChromaStoreError} */
  open(name: string): Promise<Collection | undefined> {
    return this.#ask(async () => {
      try {
        return await this.#client.getCollection({ name, embeddingFunction: NO_EMBEDDING });
      } catch (error) {
        if (error instanceof ChromaNotFoundError) return undefined;
        throw error;
      }
    });
  }

  /** The name of the build with this fingerprint. */
  buildName(fingerprint: string): string {
    return `${this.#name}-${fingerprint.slice(0, 16)}`;
  }

  /** A build's collection, including what an interrupted run left in it. @throws {ChromaStoreError} */
  async openBuild(name: string): Promise<Collection> {
    return await this.open(name) ?? await this.#ask(() =>
      this.#client.createCollection({
        name,
        configuration: { hnsw: { space: "cosine" } },
        embeddingFunction: null,
      })
    );
  }

  /** Deletes every build except `kept`. @throws {ChromaStoreError} */
  async removeBuildsBut(kept: string): Promise<void> {
    await this.#ask(async () => {
      const collections = await this.#client.listCollections({ limit: 1000 });
      for (const { name } of collections) {
        if (!name.startsWith(`${this.#name}-`) || name === kept) continue;
        await this.#client.deleteCollection({ name });
      }
    });
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (cause) {
      throw new ChromaStoreError(
        `Chroma at ${this.#url} failed: ${messageOf(cause)}; check CHROMA_URL and that it runs.`,
        { cause },
      );
    }
  }
}
