// A language's words. The data stands in `lexicon_ru.ts` and `lexicon_en.ts`; none of it depends on the
// content of a knowledge base.

import type { Language } from "../config/language.ts";
import type { Lexicon } from "./language.ts";
import { ENGLISH } from "./lexicon_en.ts";
import { RUSSIAN } from "./lexicon_ru.ts";

export { type Lexicon, wordsOf } from "./language.ts";

/** The lexicon of a language. */
export function lexiconOf(language: Language): Lexicon {
  return language === "ru" ? RUSSIAN : ENGLISH;
}
