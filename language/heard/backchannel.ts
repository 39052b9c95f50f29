// Tells a backchannel, which only shows that the caller is listening, from an interruption.

import type { Language } from "../../config/language.ts";
import { lexiconOf, wordsOf } from "../lexicon.ts";

/** A backchannel has no more words than this. */
const MOST_WORDS = 4;

const BACKCHANNELS: Record<Language, ReadonlySet<string>> = {
  ru: backchannelsOf("ru"),
  en: backchannelsOf("en"),
};

/** Sounds of attention, which are not even words: in silence they ask nothing. */
const HUMS: Record<Language, ReadonlySet<string>> = {
  ru: new Set("угу|ага|мгм|м|мм|ммм|хм|э|эм|а|аа|ааа|о|ой".split("|")),
  en: new Set("uhhuh|uh huh|mhm|mm|mmm|mm hmm|mmhmm|mm hm|hmm|hm|aha|ah|oh|uh|um".split("|")),
};

/** Whether `text` is a sound of attention alone: "угу", "uh-huh". Behind a question it may mean yes. */
export function isHum(text: string, language: Language): boolean {
  const words = wordsOf(text);
  if (words.length === 0 || words.length > MOST_WORDS || text.includes("?")) return false;
  return consistsOf(words, HUMS[language]);
}

/** Whether `text` consists of backchannels alone: "угу", "да-да", "uh-huh", "okay right". */
export function isBackchannel(text: string, language: Language): boolean {
  const words = wordsOf(text);
  if (words.length === 0 || words.length > MOST_WORDS || text.includes("?")) return false;
  return consistsOf(words, BACKCHANNELS[language]);
}

/** Whether the words, from first to last, can be read as entries of `known`. */
function consistsOf(words: readonly string[], known: ReadonlySet<string>): boolean {
  if (words.length === 0) return true;
  return words.some((_, i) =>
    known.has(words.slice(0, i + 1).join(" ")) && consistsOf(words.slice(i + 1), known)
  );
}

function backchannelsOf(language: Language): ReadonlySet<string> {
  return new Set(lexiconOf(language).backchannels.map((entry) => wordsOf(entry).join(" ")));
}
