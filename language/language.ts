// What a language's lexicon consists of, and how text is taken apart into words.

/** The two knowledge bases: about the company, and about its machines. */
export type KnowledgeBaseName = "general" | "tech";

/** A language's words, as the assistant needs them. All lower case, "ё" written as "е". */
export interface Lexicon {
  /** A word's stem. */
  stem(word: string): string;
  /** Words that say nothing about what is asked. */
  readonly stopWords: ReadonlySet<string>;
  /** Words a caller uses for one another in this trade; each group counts as one word. */
  readonly synonyms: readonly (readonly string[])[];
  /** What is asked of a thing, and so weighs more than the thing: "the price of a press". */
  readonly decisive: readonly string[];
  /** Expressions of several words that stand for one, replaced before a search. */
  readonly expressions: readonly (readonly [RegExp, string])[];
  /** A question that wants a quantity for an answer. */
  readonly quantityQuestion: RegExp;
  /** A sentence that names a quantity. */
  readonly quantity: RegExp;
  /** A question that only makes sense after what was said before. */
  readonly followUp: RegExp;
  /** A sentence that only makes sense behind the one before it: "It is free." */
  readonly leansOnBefore: RegExp;
  /** Words that send a question to one knowledge base. */
  readonly routing: Readonly<Record<KnowledgeBaseName, readonly string[]>>;
  /** Last words after which more is coming: conjunctions, prepositions, articles, fillers. */
  readonly unfinishedEndings: readonly string[];
  /** Words with which a caller shows they are listening, and no more. */
  readonly backchannels: readonly string[];
  /** "Thank you" and nothing else. */
  readonly thanks: RegExp;
  /** "Goodbye" and nothing else. */
  readonly goodbye: RegExp;
  /** A goodbye anywhere in what is said. */
  readonly farewell: RegExp;
}

/** Words of `text` in order, lower case, "ё" as "е"; a number is a word, "РМ-100" is two. */
export function wordsOf(text: string): string[] {
  const folded = text.toLowerCase().replaceAll("ё", "е").replace(/['’]/g, "");
  return folded.match(/\d+(?:[.,]\d+)?|\p{L}+/gu) ?? [];
}
