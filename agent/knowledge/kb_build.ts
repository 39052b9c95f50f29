// Puts the knowledge bases into Chroma: built aside, swapped in by one write. Unchanged chunks are
// copied from the last build instead of embedded again; an interrupted build is resumed.

import { createHash } from "node:crypto";
import type { Collection } from "chromadb";
import type { Settings } from "../../config/settings.ts";
import { pause } from "../../runtime/waiting.ts";
import { ChromaKnowledge, ChromaStoreError } from "./chroma.ts";
import {
  createEmbedder,
  type Embedder,
  EmbeddingError,
  type EmbeddingSettings,
} from "./embeddings.ts";
import { type Chunk, loadKnowledge } from "./knowledge_base.ts";

/** Chunks per batch of embedding and storing. */
const BATCH = 64;
/** Pauses before a failed batch is retried, in milliseconds. */
const RETRY_PAUSES_MS = [1_000, 4_000];

/** The settings a build needs. */
export type KbSettings =
  & EmbeddingSettings
  & Pick<
    Settings,
    | "CHROMA_URL"
    | "CHROMA_COLLECTION"
    | "KNOWLEDGE_BASE_PATH"
    | "KNOWLEDGE_BASE2_PATH"
    | "ASTERISK_LANG"
  >;

/** How to follow and interrupt a build. */
export interface BuildOptions {
  /** Called after each batch. */
  onProgress?(done: number, of: number): void;
  /** Interrupts the build; the next one resumes from there. */
  readonly signal?: AbortSignal;
}

/** The result of a build. */
export interface BuildReport {
  readonly chunks: number;
  /** Chunks embedded by this run. */
  readonly embedded: number;
  /** Chunks reused from the previous build or an interrupted run. */
  readonly reused: number;
  /** False when the live build already had the same content. */
  readonly swapped: boolean;
}

/**
 * Builds from the current files and makes the build live.
 *
 * @throws {KnowledgeBaseError | EmbeddingError | ChromaStoreError} the live build then stays live.
 */
export async function buildKnowledge(
  settings: KbSettings,
  { onProgress, signal }: BuildOptions = {},
): Promise<BuildReport> {
  const embedder = createEmbedder(settings);
  const knowledge = new ChromaKnowledge(settings);
  const chunks = byContent(await loadKnowledge(settings));
  const name = knowledge.buildName(fingerprint(chunks.keys(), embedder.name));
  const pointer = await knowledge.pointer();
  const whole = { chunks: chunks.size, embedded: 0, reused: chunks.size, swapped: false };
  const inUse = pointer && await knowledge.open(pointer.live);
  if (pointer && inUse && pointer.live === name && await inUse.count() === chunks.size) {
    return whole;
  }

  const build = await knowledge.openBuild(name);
  const writer = new CollectionWriter(
    build,
    embedder,
    pointer?.embedding === embedder.name ? inUse : undefined,
  );
  await writer.fill(chunks, onProgress ?? (() => {}), signal);
  const count = await build.count();
  if (count !== chunks.size) {
    throw new ChromaStoreError(
      `Chroma kept ${count} of ${chunks.size} chunks; run the build again.`,
    );
  }
  await knowledge.point({
    live: name,
    embedding: embedder.name,
    dimension: await dimensionOf(build),
    chunks: chunks.size,
    built: new Date().toISOString(),
  });
  await knowledge.removeBuildsBut(name);
  return { chunks: chunks.size, embedded: writer.embedded, reused: writer.reused, swapped: true };
}

/** The live build, compared with the current files. */
export interface KbStatus {
  readonly built: string;
  readonly embedding: string;
  readonly chunks: number;
  /** Whether a new build would change nothing. */
  readonly upToDate: boolean;
}

/** The state of Chroma's knowledge base; undefined before the first build. @throws {ChromaStoreError} */
export async function knowledgeStatus(
  settings: KbSettings,
  chunks: readonly Chunk[],
): Promise<KbStatus | undefined> {
  const knowledge = new ChromaKnowledge(settings);
  const pointer = await knowledge.pointer();
  if (!pointer) return undefined;
  const wanted = fingerprint(byContent(chunks).keys(), createEmbedder(settings).name);
  const { built, embedding, chunks: count, live } = pointer;
  return { built, embedding, chunks: count, upToDate: live === knowledge.buildName(wanted) };
}

/** Writes the chunks of one build into its collection. */
class CollectionWriter {
  embedded = 0;
  reused = 0;
  readonly #build: Collection;
  readonly #embedder: Embedder;
  readonly #before: Collection | undefined;

  /** @param before the live build, when its vectors can be reused. */
  constructor(build: Collection, embedder: Embedder, before: Collection | undefined) {
    this.#build = build;
    this.#embedder = embedder;
    this.#before = before;
  }

  async fill(
    chunks: ReadonlyMap<string, Chunk>,
    onProgress: (done: number, of: number) => void,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const ids = [...chunks.keys()];
    for (let i = 0; i < ids.length; i += BATCH) {
      signal?.throwIfAborted();
      const batch = ids.slice(i, i + BATCH);
      const { ids: stored } = await this.#build.get({ ids: batch, include: [] });
      this.reused += stored.length;
      const missing = batch.filter((id) => !stored.includes(id));
      if (missing.length > 0) await this.#store(missing, chunks, signal);
      onProgress(Math.min(i + BATCH, ids.length), ids.length);
    }
  }

  async #store(
    ids: readonly string[],
    chunks: ReadonlyMap<string, Chunk>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const vectors = await this.#known(ids);
    this.reused += vectors.size;
    const unknown = ids.filter((id) => !vectors.has(id));
    if (unknown.length > 0) {
      const texts = unknown.map((id) => embeddedText(chunks.get(id)!));
      const made = await embedPatiently(this.#embedder, texts, signal);
      unknown.forEach((id, i) => vectors.set(id, made[i]!));
      this.embedded += unknown.length;
    }
    await this.#build.add({
      ids: [...ids],
      embeddings: ids.map((id) => vectors.get(id)!),
      documents: ids.map((id) => chunks.get(id)!.text),
      metadatas: ids.map((id) => ({ kb: chunks.get(id)!.kb, heading: chunks.get(id)!.heading })),
    });
  }

  /** Vectors from the live build. */
  async #known(ids: readonly string[]): Promise<Map<string, number[]>> {
    if (!this.#before) return new Map();
    const found = await this.#before.get({ ids: [...ids], include: ["embeddings"] });
    return new Map(found.ids.flatMap((id, i) => {
      const vector = found.embeddings[i];
      return vector ? [[id, [...vector]] as const] : [];
    }));
  }
}

async function embedPatiently(
  embedder: Embedder,
  texts: readonly string[],
  signal: AbortSignal | undefined,
): Promise<number[][]> {
  for (const pauseMs of RETRY_PAUSES_MS) {
    try {
      return await embedder.documents(texts, signal);
    } catch (error) {
      if (!(error instanceof EmbeddingError) || !error.mayPass || signal?.aborted) throw error;
      await pause(pauseMs, signal);
    }
  }
  return await embedder.documents(texts, signal);
}

/** The heading is part of a chunk's meaning. */
function embeddedText({ heading, text }: Chunk): string {
  return `${heading}\n\n${text}`;
}

/** Chunks by a hash of everything stored of them, without duplicates. */
function byContent(chunks: readonly Chunk[]): Map<string, Chunk> {
  return new Map(chunks.map((chunk) => [hash([chunk.kb, chunk.heading, chunk.text]), chunk]));
}

function fingerprint(ids: Iterable<string>, embedding: string): string {
  return hash([embedding, ...[...ids].sort()]);
}

function hash(parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 32);
}

async function dimensionOf(collection: Collection): Promise<number> {
  const { embeddings } = await collection.get({ limit: 1, include: ["embeddings"] });
  const vector = embeddings[0];
  if (!vector) throw new ChromaStoreError("Chroma returned no vector; run the build again.");
  return vector.length;
}
