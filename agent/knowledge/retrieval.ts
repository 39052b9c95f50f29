// Finds the passages for a turn: in the vector store, or by words when that fails. A caller never waits
// in silence for a store that is down.

import { messageOf } from "../../runtime/error_text.ts";
import { abortable } from "../../runtime/waiting.ts";
import { logger } from "../../config/logging.ts";
import type { KnowledgeStore, Passage, SearchOptions } from "./knowledge_store.ts";
import type { LexicalStore } from "./lexical_store.ts";

const log = logger("agent");

/** The passages found, and by which store. */
export interface Retrieved {
  readonly passages: readonly Passage[];
  readonly store: string;
  /** Why the vector store was not used. */
  readonly failure?: string;
}

/** Both stores of one call. */
export class Retrieval {
  readonly #vector: KnowledgeStore | undefined;
  readonly #lexical: LexicalStore;
  readonly #timeoutMs: number;

  /**
   * @param vector undefined where only words are searched.
   * @param timeoutMs the vector store's timeout for a search.
   */
  constructor(vector: KnowledgeStore | undefined, lexical: LexicalStore, timeoutMs: number) {
    this.#vector = vector;
    this.#lexical = lexical;
    this.#timeoutMs = timeoutMs;
  }

  /** The best passages; none when nothing fits or `options.signal` is aborted. Never fails. */
  async search(question: string, options: SearchOptions): Promise<Retrieved> {
    if (!this.#vector) return this.#byWords(question, options);
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    const signal = AbortSignal.any([timeout, ...(options.signal ? [options.signal] : [])]);
    try {
      // Not every client stops waiting by itself when its signal aborts.
      const passages = await abortable(
        this.#vector.search(question, { ...options, signal }),
        signal,
      );
      return { passages, store: this.#vector.name };
    } catch (error) {
      if (options.signal?.aborted) return { passages: [], store: this.#vector.name };
      const failure = timeout.aborted ? `no answer in ${this.#timeoutMs} ms` : messageOf(error);
      log.warn("the vector store failed, searching by words instead", {
        store: this.#vector.name,
        reason: failure,
      });
      return { ...this.#byWords(question, options), failure };
    }
  }

  /** When one base has nothing, the other is searched. */
  #byWords(question: string, options: SearchOptions): Retrieved {
    const found = this.#lexical.searchNow(question, options);
    const passages = found.length === 0 && options.kb
      ? this.#lexical.searchNow(question, { ...options, kb: undefined })
      : found;
    return { passages, store: this.#lexical.name };
  }
}
