// The interface of every searchable store of passages.

import type { KnowledgeBaseName } from "../../language/language.ts";
import type { Chunk } from "./knowledge_base.ts";

/** A chunk that was found, and how well it fits. */
export interface Passage {
  readonly chunk: Chunk;
  /** 0…1, greater is better; comparable only within one store. */
  readonly score: number;
}

/** Where to search, and how many passages to return. */
export interface SearchOptions {
  readonly topK: number;
  /** Both bases by default. */
  readonly kb?: KnowledgeBaseName;
  readonly signal?: AbortSignal;
}

/** A searchable store of both knowledge bases. */
export interface KnowledgeStore {
  readonly name: string;
  /**
   * The best passages for `question`, best first; none when nothing fits.
   *
   * @throws {AgentError} when the store cannot be searched.
   */
  search(question: string, options: SearchOptions): Promise<readonly Passage[]>;
}
