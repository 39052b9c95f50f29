// A text as the stems it is about: what a search compares, in either language.

import type { Language } from "../config/language.ts";
import { editDistance } from "../config/edit_distance.ts";
import { lexiconOf, wordsOf } from "./lexicon.ts";

/** Stems shorter than this are not taken for a synonym: "стоит" must not make "сто" a price. */
const SHORTEST_SYNONYM_STEM = 4;

const synonymsByLanguage = new Map<Language, ReadonlyMap<string, string>>();

/** Stems found so far: a language's stemmer is slow beside a look in a table. */
const stems: Record<Language, Map<string, string | undefined>> = { ru: new Map(), en: new Map() };
/** Words remembered a language; more are found anew each time. */
const REMEMBERED_WORDS = 20_000;

/** The stem of one word, or of the word its synonyms count as; undefined for a stop word. */
export function stemOf(word: string, language: Language): string | undefined {
  const known = stems[language];
  if (known.has(word)) return known.get(word);
  const stem = findStem(word, language);
  if (known.size < REMEMBERED_WORDS) known.set(word, stem);
  return stem;
}

function findStem(word: string, language: Language): string | undefined {
  const lexicon = lexiconOf(language);
  if (lexicon.stopWords.has(word)) return undefined;
  if (/\d/.test(word)) return word.replace(",", ".");
  const synonyms = synonymsOf(language);
  const stem = lexicon.stem(word);
  return synonyms.get(word) ?? synonyms.get(stem) ?? stem;
}

/** The stems of all words of `text` that matter, in order, repeats kept. */
export function stemsOf(text: string, language: Language): string[] {
  return wordsOf(text).flatMap((word) => stemOf(word, language) ?? []);
}

/** The different stems a question is about, its expressions ("how much is…") understood. */
export function queryStems(question: string, language: Language): string[] {
  let folded = wordsOf(question).join(" ");
  for (const [expression, meaning] of lexiconOf(language).expressions) {
    folded = folded.replace(expression, meaning);
  }
  return [...new Set(stemsOf(folded, language))];
}

/**
 * How well two stems agree, 0…1: the same, one a form of the other, or one letter or two apart,
 * as a misheard word is.
 */
export function stemLikeness(a: string, b: string): number {
  if (a === b) return 1;
  if (/\d/.test(a) || /\d/.test(b)) return 0;
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (short.length >= 4 && long.startsWith(short) && long.length - short.length <= 4) return 0.8;
  if (short.length < 6 || long.length - short.length > 2) return 0;
  const distance = editDistance(short, long);
  if (distance === 1) return 0.75;
  return distance === 2 && short.length >= 7 ? 0.6 : 0;
}

function synonymsOf(language: Language): ReadonlyMap<string, string> {
  const known = synonymsByLanguage.get(language);
  if (known) return known;
  const { synonyms, stem } = lexiconOf(language);
  const canonical = new Map<string, string>();
  for (const group of synonyms) {
    const head = stem(group[0]!);
    for (const word of group) {
      canonical.set(word, head);
      const wordStem = stem(word);
      if (wordStem.length >= SHORTEST_SYNONYM_STEM) canonical.set(wordStem, head);
    }
  }
  synonymsByLanguage.set(language, canonical);
  return canonical;
}
