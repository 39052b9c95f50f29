// What the assistant knows about a language's words. The data is in `lexicon_ru.ts` and
// `lexicon_en.ts`; nothing here depends on a knowledge base's content.

import { ENGLISH } from "./lexicon_en.ts";
import { RUSSIAN } from "./lexicon_ru.ts";

/** The languages the assistant speaks. */
export type Language = "ru" | "en";

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
  /** Last words after which more is coming: conjunctions, prepositions, articles, fillers. */
  readonly unfinishedEndings: readonly string[];
  /** Words with which a caller shows they are listening, and no more. */
  readonly backchannels: readonly string[];
  /** "Thank you" and nothing else. */
  readonly thanks: RegExp;
  /** "Goodbye" and nothing else. */
  readonly goodbye: RegExp;
}

/** The lexicon of a language. */
export function lexiconOf(language: Language): Lexicon {
  return language === "ru" ? RUSSIAN : ENGLISH;
}

/** Words of `text` in order, lower case, "ё" as "е"; a number is a word, "РМ-100" is two. */
export function wordsOf(text: string): string[] {
  const folded = text.toLowerCase().replaceAll("ё", "е").replace(/['’]/g, "");
  return folded.match(/\d+(?:[.,]\d+)?|\p{L}+/gu) ?? [];
}
