// Puts the knowledge bases into Chroma: built aside, swapped in by one write. What has not changed
// since the last build is copied, not embedded again; a build that was interrupted is gone on with.

import { createHash } from "node:crypto";
import type { Collection } from "chromadb";
import type { Settings } from "../../config/settings.ts";
import { ChromaKnowledge, ChromaStoreError } from "./chroma.ts";
import {
  createEmbedder,
  type Embedder,
  EmbeddingError,
  type EmbeddingSettings,
} from "./embeddings.ts";
import { type Chunk, loadKnowledge } from "./knowledge_base.ts";

/** Chunks embedded and stored at a time. */
const BATCH = 64;
/** Pauses before a failed batch is embedded again, in milliseconds. */
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

/** How a build goes; both hooks are optional. */
export interface BuildOptions {
  /** Called after each batch. */
  onProgress?(done: number, of: number): void;
  /** Interrupts the build; what is done stays done for the next one. */
  readonly signal?: AbortSignal;
}

/** What a build did. */
export interface BuildReport {
  readonly chunks: number;
  /** Embedded now. */
  readonly embedded: number;
  /** Taken over from the build before or from an interrupted run. */
  readonly reused: number;
  /** False when what is in use was the same already. */
  readonly swapped: boolean;
}

/**
 * Builds from the files as they are now and puts the build in use.
 *
 * @throws {KnowledgeBaseError | EmbeddingError | ChromaStoreError} what was in use stays in use
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
  const filler = new CollectionWriter(
    build,
    embedder,
    pointer?.embedding === embedder.name ? inUse : undefined,
  );
  await filler.fill(chunks, onProgress ?? (() => {}), signal);
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
  return { chunks: chunks.size, embedded: filler.embedded, reused: filler.reused, swapped: true };
}

/** What is in use, compared with the files as they are now. */
export interface KbStatus {
  readonly built: string;
  readonly embedding: string;
  readonly chunks: number;
  /** Whether a build would change nothing. */
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

/** Fills a build's collection. */
class CollectionWriter {
  embedded = 0;
  reused = 0;
  readonly #build: Collection;
  readonly #embedder: Embedder;
  readonly #before: Collection | undefined;

  /** @param before the build in use, when its vectors can be taken over */
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

  /** Vectors of the build before. */
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
  for (const pause of RETRY_PAUSES_MS) {
    try {
      return await embedder.documents(texts, signal);
    } catch (error) {
      if (!(error instanceof EmbeddingError) || !error.mayPass || signal?.aborted) throw error;
      await new Promise((resume) => setTimeout(resume, pause));
    }
  }
  return await embedder.documents(texts, signal);
}

/** The heading is part of what a chunk means. */
function embeddedText({ heading, text }: Chunk): string {
  return `${heading}\n\n${text}`;
}

/** Chunks by a hash of all that is stored of them; a chunk that is there twice is there once. */
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
  if (!vector) throw new ChromaStoreError("Chroma gave back no vector; run the build again.");
  return vector.length;
}
