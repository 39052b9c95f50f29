// Whether a caller who has paused is likely to go on: what endpointing waits longer for, since
// being cut off in mid-sentence is what callers complain of.

import { type Language, lexiconOf, wordsOf } from "./lexicon.ts";

/** Expressions after which a question or a number is still to come. */
const OPENERS: Record<Language, RegExp> = {
  ru:
    /^(?:здравствуйте|добрый (?:день|вечер)|доброе утро|алло|скажите|подскажите|скажите пожалуйста|подскажите пожалуйста|меня интересует|я хотела? (?:бы )?(?:узнать|спросить|уточнить)|у меня (?:такой )?вопрос|можно (?:вопрос|узнать|спросить)|мой (?:телефон|номер|адрес)|моя почта)$/,
  en:
    /^(?:hello|hi|good (?:morning|afternoon|evening)|excuse me|i (?:would|d) like to (?:know|ask)|i want to (?:know|ask)|i have a question|can you tell me|could you tell me|tell me|my (?:phone|number|email|address|name)(?: is)?)$/,
};

/** A number with nothing after it where one is being dictated, or a unit is due. */
const DANGLING_NUMBER: Record<Language, RegExp> = {
  ru:
    /(?:^| )(?:до|от|на|около|примерно|более|менее|больше|меньше|плюс|минус|номер|телефон|восемь|\d+|\p{L}*(?:дцать|десят|сто|ста|двести|триста|тысяч[аи]?))$/u,
  en:
    /(?:^| )(?:about|around|over|under|plus|minus|number|point|hundred|thousand|twenty|thirty|forty|fifty|\d+)$/,
};

/**
 * Whether `text`, recognised so far, looks as if more of it is coming: it ends in a conjunction,
 * preposition, article, filler or bare number, breaks off with a comma or dots, or only opens a
 * question. Empty text is unfinished.
 */
export function looksUnfinished(text: string, language: Language): boolean {
  const words = wordsOf(text);
  if (words.length === 0) return true;
  if (/[?!]\s*$/.test(text)) return false;
  if (/(?:[,:;–—-]|\.\.\.|…)\s*$/.test(text)) return true;
  const folded = words.join(" ");
  if (DANGLING_NUMBER[language].test(folded)) return !isModelName(words);
  return OPENERS[language].test(folded) ||
    lexiconOf(language).unfinishedEndings.includes(words.at(-1)!);
}

/** "…for the TM-100": the number ends a name, not a quantity. */
function isModelName(words: readonly string[]): boolean {
  const before = words.at(-2) ?? "";
  return /^\d+$/.test(words.at(-1)!) &&
    /^(?:tm|cp|ht|рм|пб|ту|тм|utm|model|модель|type)$/.test(before);
}
