// Tells whether a caller who has paused is likely to continue. Endpointing then waits longer, since
// callers complain of being cut off in mid-sentence.

import type { Language } from "../../config/language.ts";
import { lexiconOf, wordsOf } from "../lexicon.ts";
import { numberAt } from "./number_words.ts";

/** Openings: the question or the number is still to come. */
const OPENERS: Record<Language, RegExp> = {
  ru:
    /^(?:здравствуйте|добрый (?:день|вечер)|доброе утро|алло|скажите|подскажите|скажите пожалуйста|подскажите пожалуйста|меня интересует|я хотела? (?:бы )?(?:узнать|спросить|уточнить)|у меня (?:такой )?вопрос|можно (?:вопрос|узнать|спросить)|мой (?:телефон|номер|адрес)|моя почта)$/,
  en:
    /^(?:hello|hi|good (?:morning|afternoon|evening)|excuse me|i (?:would|d) like to (?:know|ask)|i want to (?:know|ask)|i have a question|can you tell me|could you tell me|tell me|my (?:phone|number|email|address|name)(?: is)?)$/,
};

/** Words of dictation: however long the number is already, more digits may follow. */
const DICTATION: Record<Language, RegExp> = {
  ru: /(?:^| )(?:телефон|номер|инн|почта|почту|код)(?: |$)/,
  en: /(?:^| )(?:phone|number|email|mail|code)(?: |$)/,
};

/** Words before a number that make it a measurement: its unit is still to come. */
const MEASURING: Record<Language, RegExp> = {
  ru: /^(?:от|до|на|около|примерно|где-то|более|менее|больше|меньше|плюс|минус|целых)$/,
  en: /^(?:about|around|over|under|than|plus|minus|point|of)$/,
};

/**
 * Whether the text recognised so far looks unfinished: it ends in a conjunction, preposition,
 * article, hesitation or bare number, breaks off with a comma or dots, or only opens a question.
 * Empty text is unfinished.
 */
export function looksUnfinished(text: string, language: Language): boolean {
  const words = wordsOf(text);
  if (words.length === 0) return true;
  if (/[?!]\s*$/.test(text)) return false;
  if (/(?:[,:;–—-]|\.\.\.|…)\s*$/.test(text)) return true;
  const folded = words.join(" ");
  return OPENERS[language].test(folded) || endsInOpenNumber(words, folded, language) ||
    lexiconOf(language).unfinishedEndings.includes(words.at(-1)!);
}

function endsInOpenNumber(words: readonly string[], folded: string, language: Language): boolean {
  const isNumber = (word: string) =>
    /^\d/.test(word) || numberAt([word], 0, language) !== undefined;
  if (!isNumber(words.at(-1)!)) return false;
  const before = words.findLast((word) => !isNumber(word));
  return DICTATION[language].test(folded) || MEASURING[language].test(before ?? "");
}
