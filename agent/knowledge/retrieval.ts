// Finding the passages for a turn: the vector store, or the words when it fails. A caller never
// waits in silence for a store that is down.

import { messageOf } from "../../runtime/error_text.ts";
import { logger } from "../../config/logging.ts";
import type { KnowledgeStore, Passage, SearchOptions } from "./knowledge_store.ts";
import type { LexicalStore } from "./lexical_store.ts";

const log = logger("agent");

/** What was found, and where. */
export interface Retrieved {
  readonly passages: readonly Passage[];
  readonly store: string;
  /** Why the first store was not used, when it was not. */
  readonly failure?: string;
}

/** Both stores of one call. */
export class Retrieval {
  readonly #vector: KnowledgeStore | undefined;
  readonly #lexical: LexicalStore;
  readonly #timeoutMs: number;

  /** @param vector undefined where only words are searched; `timeoutMs` is its deadline for a search */
  constructor(vector: KnowledgeStore | undefined, lexical: LexicalStore, timeoutMs: number) {
    this.#vector = vector;
    this.#lexical = lexical;
    this.#timeoutMs = timeoutMs;
  }

  /** The best passages; none when nothing fits or `options.signal` is aborted. Never fails. */
  async search(question: string, options: SearchOptions): Promise<Retrieved> {
    if (!this.#vector) return this.#byWords(question, options);
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), this.#timeoutMs);
    const signal = AbortSignal.any([deadline.signal, ...(options.signal ? [options.signal] : [])]);
    try {
      const found = this.#vector.search(question, { ...options, signal });
      const passages = await Promise.race([found, rejectionOn(signal)]);
      return { passages, store: this.#vector.name };
    } catch (error) {
      if (options.signal?.aborted) return { passages: [], store: this.#vector.name };
      const late = deadline.signal.aborted;
      const failure = late ? `no answer in ${this.#timeoutMs} ms` : messageOf(error);
      log.warn("the vector store failed, words are searched instead", {
        store: this.#vector.name,
        reason: failure,
      });
      return { ...this.#byWords(question, options), failure };
    } finally {
      clearTimeout(timer);
    }
  }

  /** A base that has nothing is no reason not to look in the other. */
  #byWords(question: string, options: SearchOptions): Retrieved {
    const found = this.#lexical.searchNow(question, options);
    const passages = found.length === 0 && options.kb
      ? this.#lexical.searchNow(question, { ...options, kb: undefined })
      : found;
    return { passages, store: this.#lexical.name };
  }
}

/** Rejects when `signal` aborts: not every client stops waiting by itself. */
function rejectionOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
