// The parts of a language's lexicon, and how text is split into words.

/** The two knowledge bases: about the company, and about its machines. */
export type KnowledgeBaseName = "general" | "tech";

/** The words of a language that the agent and turn-taking need. Lower case, "ё" written as "е". */
export interface Lexicon {
  /** A word's stem. */
  stem(word: string): string;
  /** Words that carry no part of a question's meaning. */
  readonly stopWords: ReadonlySet<string>;
  /** Groups of words that callers use interchangeably in this trade; each group counts as one word. */
  readonly synonyms: readonly (readonly string[])[];
  /** Words that name what is asked about a thing, and so weigh more than the thing: "the price of a press". */
  readonly decisive: readonly string[];
  /** Multi-word expressions and the single word that replaces each before a search. */
  readonly expressions: readonly (readonly [RegExp, string])[];
  /** Matches a question whose answer is a quantity. */
  readonly quantityQuestion: RegExp;
  /** Matches a sentence that names a quantity. */
  readonly quantity: RegExp;
  /** Matches a question that makes sense only after an earlier one. */
  readonly followUp: RegExp;
  /** Matches a sentence that makes sense only after the previous one: "It is free." */
  readonly leansOnBefore: RegExp;
  /** Words that route a question to one knowledge base. */
  readonly routing: Readonly<Record<KnowledgeBaseName, readonly string[]>>;
  /** Final words that announce more: conjunctions, prepositions, articles, hesitations. */
  readonly unfinishedEndings: readonly string[];
  /** Words by which a caller only shows attention. */
  readonly backchannels: readonly string[];
  /** Matches "thank you" and nothing else. */
  readonly thanks: RegExp;
  /** Matches "goodbye" and nothing else. */
  readonly goodbye: RegExp;
  /** Matches a goodbye anywhere in an utterance. */
  readonly farewell: RegExp;
}

/** The words of `text` in order, lower case, "ё" as "е". A number is a word; "РМ-100" is two. */
export function wordsOf(text: string): string[] {
  const folded = text.toLowerCase().replaceAll("ё", "е").replace(/['’]/g, "");
  return folded.match(/\d+(?:[.,]\d+)?|\p{L}+/gu) ?? [];
}
