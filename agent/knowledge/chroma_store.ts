// Retrieval by meaning: one embedding and one Chroma query per question.

import type { Collection } from "chromadb";
import { z } from "zod";
import { messageOf } from "../../runtime/error_text.ts";
import type { Settings } from "../../config/settings.ts";
import { ChromaKnowledge, ChromaStoreError, type KbPointer } from "./chroma.ts";
import { createEmbedder, type Embedder, type EmbeddingSettings } from "./embeddings.ts";
import { CHUNK_CHARS } from "./knowledge_base.ts";
import type { KnowledgeStore, Passage, SearchOptions } from "./knowledge_store.ts";

const FOUND = z.object({ kb: z.enum(["general", "tech"]), heading: z.string() });

interface Build {
  readonly pointer: KbPointer;
  readonly collection: Collection;
}

/** The knowledge bases that `kb build` put into Chroma. */
export class ChromaStore implements KnowledgeStore {
  readonly name = "chroma";
  readonly #knowledge: ChromaKnowledge;
  readonly #embedder: Embedder;
  #build: Promise<Build> | undefined;

  constructor(settings: EmbeddingSettings & Pick<Settings, "CHROMA_URL" | "CHROMA_COLLECTION">) {
    this.#knowledge = new ChromaKnowledge(settings);
    this.#embedder = createEmbedder(settings);
  }

  /** Finds the live build before the first search. @throws {ChromaStoreError} */
  async prepare(): Promise<void> {
    await this.#current();
  }

  /** @throws {ChromaStoreError | EmbeddingError} */
  async search(question: string, { topK, kb, signal }: SearchOptions): Promise<readonly Passage[]> {
    const [vector, build] = await Promise.all([
      this.#embedder.query(question, signal),
      this.#current(),
    ]);
    this.#check(vector, build.pointer);
    const query = ({ collection }: Build) =>
      collection.query({
        queryEmbeddings: [vector],
        nResults: topK,
        include: ["documents", "metadatas", "distances"],
        ...(kb && { where: { kb } }),
      });
    const found = await query(build).catch(async () => {
      // The build may have been replaced and deleted meanwhile.
      this.#build = undefined;
      const current = await this.#current();
      this.#check(vector, current.pointer);
      return query(current);
    }).catch((cause) => {
      throw cause instanceof ChromaStoreError
        ? cause
        : new ChromaStoreError(`Chroma could not search: ${messageOf(cause)}.`, { cause });
    });
    // What Chroma answers goes to the model: no more and no longer than what `kb build` stored.
    return (found.rows()[0] ?? []).slice(0, topK).flatMap(
      ({ id, document, metadata, distance }) => {
        const { data } = FOUND.safeParse(metadata);
        if (!data || typeof document !== "string" || document === "") return [];
        const text = document.slice(0, CHUNK_CHARS);
        return [{
          chunk: { id, text, ...data },
          score: 1 - (Number.isFinite(distance) ? distance! : 1),
        }];
      },
    );
  }

  #current(): Promise<Build> {
    this.#build ??= this.#find().catch((error) => {
      this.#build = undefined;
      throw error;
    });
    return this.#build;
  }

  async #find(): Promise<Build> {
    const pointer = await this.#knowledge.pointer();
    const collection = pointer && await this.#knowledge.open(pointer.live);
    if (!pointer || !collection) {
      throw new ChromaStoreError("Chroma holds no knowledge base yet; run: deno task kb build");
    }
    return { pointer, collection };
  }

  #check(vector: readonly number[], { embedding, dimension }: KbPointer): void {
    if (vector.length === dimension && this.#embedder.name === embedding) return;
    throw new ChromaStoreError(
      `The knowledge base in Chroma was built with ${embedding} (${dimension} numbers), but ` +
        `${this.#embedder.name} (${vector.length} numbers) is set now; run: deno task kb build`,
    );
  }
}
