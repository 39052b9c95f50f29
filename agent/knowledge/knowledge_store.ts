// Where passages are found, whatever does the finding.

import type { KnowledgeBaseName } from "../../language/language.ts";
import type { Chunk } from "./knowledge_base.ts";

/** A chunk that was found, and how well it answers. */
export interface Passage {
  readonly chunk: Chunk;
  /** 0…1, greater is better; comparable within one store only. */
  readonly score: number;
}

/** What to search, and how much to bring. */
export interface SearchOptions {
  readonly topK: number;
  /** Both bases when left out. */
  readonly kb?: KnowledgeBaseName;
  readonly signal?: AbortSignal;
}

/** A searchable store of both knowledge bases. */
export interface KnowledgeStore {
  readonly name: string;
  /**
   * The best passages for `question`, best first; none when nothing fits.
   *
   * @throws {AgentError} when the store cannot be searched
   */
  search(question: string, options: SearchOptions): Promise<readonly Passage[]>;
}
