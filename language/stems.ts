// A text reduced to the stems that a search compares, in either language.

import type { Language } from "../config/language.ts";
import { editDistance } from "../config/spelling/edit_distance.ts";
import { lexiconOf, wordsOf } from "./lexicon.ts";

/** Shorter stems are never treated as synonyms: "стоит" must not make "сто" a price. */
const SHORTEST_SYNONYM_STEM = 4;

const synonymsByLanguage = new Map<Language, ReadonlyMap<string, string>>();

/** Stems computed so far: a stemmer is slow compared with a lookup. */
const stems: Record<Language, Map<string, string | undefined>> = { ru: new Map(), en: new Map() };
/** Words cached per language; words beyond that are stemmed each time. */
const REMEMBERED_WORDS = 20_000;

/** The stem of a word, or of the word that stands for its synonyms; undefined for a stop word. */
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

/** The stems of `text` without stop words, in order, duplicates kept. */
export function stemsOf(text: string, language: Language): string[] {
  return wordsOf(text).flatMap((word) => stemOf(word, language) ?? []);
}

/** The distinct stems of a question, with its expressions ("how much is…") replaced. */
export function queryStems(question: string, language: Language): string[] {
  let folded = wordsOf(question).join(" ");
  for (const [expression, meaning] of lexiconOf(language).expressions) {
    folded = folded.replace(expression, meaning);
  }
  return [...new Set(stemsOf(folded, language))];
}

/**
 * How well two stems agree, 0…1: equal, one a form of the other, or one or two letters apart as in a
 * misheard word.
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
