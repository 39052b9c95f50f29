// Retrieval by words: stems, synonyms and near-misses over an in-memory index. It needs only the
// knowledge bases, so calls also fall back on it.

import MiniSearch from "minisearch";
import type { Language } from "../../config/language.ts";
import type { Chunk } from "./knowledge_base.ts";
import type { KnowledgeStore, Passage, SearchOptions } from "./knowledge_store.ts";
import { lexiconOf, wordsOf } from "../../language/lexicon.ts";
import { type Sentence, sentencesOf } from "../../language/sentences.ts";
import { queryStems, stemLikeness, stemOf, stemsOf } from "../../language/stems.ts";

/** The weight of a match in the heading relative to one in the text. */
const HEADING_BOOST = 2;
/** Chunks examined closely per chunk returned. */
const CANDIDATES_PER_RESULT = 3;
/** The weight of a decisive word (`Lexicon.decisive`) relative to another of the same rarity. */
const DECISIVE_WEIGHT = 2;

/** Parsed chunks kept in memory. */
const PARSED_KEPT = 100;

/** A sentence of a passage, and how much of the question it covers. */
export interface ScoredSentence extends Sentence {
  /** Index among the chunk's sentences. */
  readonly index: number;
  /** The share of the question's weight that this sentence covers, 0…1. */
  readonly coverage: number;
  /** The same for what the heading leaves open: under "Presses", only the weight of "what do presses weigh". */
  readonly beyondHeading: number;
}

/** A parsed chunk. Parsed on demand: a large base would not fit in memory in this form. */
interface ParsedChunk {
  readonly headingStems: readonly string[];
  readonly sentences: readonly (Sentence & { readonly stems: readonly string[] })[];
}

/** An index over the chunks of one language. Building it takes milliseconds per hundred chunks. */
export class LexicalStore implements KnowledgeStore {
  readonly name = "lexical";
  readonly language: Language;
  readonly #chunks = new Map<string, Chunk>();
  readonly #recentlyParsed = new Map<string, ParsedChunk>();
  readonly #documentsWith = new Map<string, number>();
  readonly #decisive: ReadonlySet<string>;
  readonly #index: MiniSearch;

  constructor(chunks: readonly Chunk[], language: Language) {
    this.language = language;
    this.#decisive = new Set(stemsOf(lexiconOf(language).decisive.join(" "), language));
    this.#index = new MiniSearch({
      fields: ["heading", "text"],
      tokenize: wordsOf,
      processTerm: (word) => stemOf(word, language) ?? null,
      searchOptions: {
        boost: { heading: HEADING_BOOST },
        fuzzy: (term) => this.#mayBeMisheard(term) ? term.length < 7 ? 1 : 2 : false,
        prefix: (term) => this.#mayBeMisheard(term),
        tokenize: (stems) => stems.split(" "),
        processTerm: (stem) => stem,
      },
    });
    for (const chunk of chunks) this.#add(chunk);
  }

  /** `searchNow` behind the common interface. */
  search(question: string, options: SearchOptions): Promise<readonly Passage[]> {
    return Promise.resolve(this.searchNow(question, options));
  }

  /** The best passages; `score` is the share of the question's words that each covers, by weight. */
  searchNow(question: string, { topK, kb }: SearchOptions): Passage[] {
    const stems = queryStems(question, this.language);
    if (stems.length === 0) return [];
    const found = this.#index.search(stems.join(" "), {
      filter: ({ id }) => !kb || this.#chunks.get(id)!.kb === kb,
    }).slice(0, topK * CANDIDATES_PER_RESULT);
    const best = found[0]?.score ?? 1;
    return found
      .map(({ id, score }) => {
        const chunk = this.#chunks.get(id)!;
        const parsed = this.#parsed(chunk);
        const coverage = this.#coverage(stems, allStems(parsed));
        const byHeading = this.#headingFit(stems, parsed.headingStems);
        return { passage: { chunk, score: coverage }, rank: score / best + coverage + byHeading };
      })
      .sort((a, b) => b.rank - a.rank)
      .slice(0, topK)
      .map(({ passage }) => passage);
  }

  /**
   * How much of `question` a table cell covers, 0…1, without the row's name: "what does the TM-100
   * weigh" asks only for the weight.
   */
  cellCoverage(cell: string, rowName: string, question: string): number {
    const name = new Set(stemsOf(rowName, this.language));
    const asked = queryStems(question, this.language).filter((stem) => !name.has(stem));
    return this.#coverage(asked, stemsOf(cell, this.language));
  }

  /** The sentences of a chunk, in order, each with its share of the question. */
  scoreSentences(chunkId: string, question: string): ScoredSentence[] {
    const chunk = this.#chunks.get(chunkId);
    if (!chunk) return [];
    const { headingStems, sentences } = this.#parsed(chunk);
    const stems = queryStems(question, this.language);
    const beyond = stems.filter((stem) => !headingStems.includes(stem));
    const asked = beyond.length > 0 ? beyond : stems;
    return sentences.map(({ stems: own, ...sentence }, index) => {
      const coverage = this.#coverage(stems, own);
      return { ...sentence, index, coverage, beyondHeading: this.#coverage(asked, own) };
    });
  }

  /** The share of the question that a chunk's heading alone covers, 0…1. */
  headingCoverage(chunkId: string, question: string): number {
    const heading = this.#chunks.get(chunkId)?.heading ?? "";
    return this.#coverage(
      queryStems(question, this.language),
      stemsOf(heading, this.language),
    );
  }

  /** A heading fits when it covers the question and says little else. */
  #headingFit(questionStems: readonly string[], headingStems: readonly string[]): number {
    const asked = headingStems.filter((stem) => this.#likeness(stem, questionStems) > 0).length;
    return this.#coverage(questionStems, headingStems) * asked / Math.max(1, headingStems.length);
  }

  #add(chunk: Chunk): void {
    this.#chunks.set(chunk.id, chunk);
    this.#index.add({ id: chunk.id, heading: chunk.heading, text: chunk.text });
    for (const stem of new Set(stemsOf(`${chunk.heading} ${chunk.text}`, this.language))) {
      this.#documentsWith.set(stem, (this.#documentsWith.get(stem) ?? 0) + 1);
    }
  }

  #parsed(chunk: Chunk): ParsedChunk {
    const known = this.#recentlyParsed.get(chunk.id);
    if (known) return known;
    const parsed: ParsedChunk = {
      headingStems: stemsOf(chunk.heading, this.language),
      sentences: sentencesOf(chunk.text)
        .map((sentence) => ({ ...sentence, stems: stemsOf(sentence.text, this.language) })),
    };
    if (this.#recentlyParsed.size >= PARSED_KEPT) this.#recentlyParsed.clear();
    this.#recentlyParsed.set(chunk.id, parsed);
    return parsed;
  }

  /** The share of the question's stems, each weighted by its rarity, that `stems` contain. */
  #coverage(questionStems: readonly string[], stems: readonly string[]): number {
    let covered = 0;
    let whole = 0;
    for (const wanted of questionStems) {
      const weight = this.#weight(wanted);
      whole += weight;
      covered += weight * this.#likeness(wanted, stems);
    }
    return whole === 0 ? 0 : covered / whole;
  }

  #likeness(wanted: string, stems: readonly string[]): number {
    if (stems.includes(wanted)) return 1;
    if (!this.#mayBeMisheard(wanted)) return 0;
    return stems.reduce((best, stem) => Math.max(best, stemLikeness(wanted, stem)), 0);
  }

  /** A word that the bases contain is never a misheard one: "height" is not "weight". */
  #mayBeMisheard(stem: string): boolean {
    return stem.length >= 4 && !/\d/.test(stem) && !this.#documentsWith.has(stem);
  }

  /** Inverse document frequency; a word in no chunk is the rarest. */
  #weight(stem: string): number {
    const rarity = Math.log(1 + this.#chunks.size / (this.#documentsWith.get(stem) ?? 0.5));
    return this.#decisive.has(stem) ? DECISIVE_WEIGHT * rarity : rarity;
  }
}

function allStems({ headingStems, sentences }: ParsedChunk): string[] {
  return [...headingStems, ...sentences.flatMap(({ stems }) => stems)];
}
