// Tells a whole short answer: "да", "нет, спасибо", "yes, please". Nobody who says it is in mid-sentence.

import type { Language } from "../../config/language.ts";
import { wordsOf } from "../lexicon.ts";

/** A short answer has no more words than this. */
const MOST_WORDS = 4;

const ANSWERS: Record<Language, RegExp> = {
  ru: shortAnswer(
    "да|нет|неа|ага|угу|конечно|верно|точно|хорошо|ладно|давайте|разумеется|именно|правильно|" +
      "не надо|не нужно|согласен|согласна|все верно",
    "ну|да|нет|пожалуйста|спасибо|так",
  ),
  en: shortAnswer(
    "yes|no|yeah|yep|nope|sure|okay|ok|right|correct|of course|thats right|certainly|exactly|" +
      "not really|uh huh",
    "oh|well|please|thanks|thank you|it is|i do|i dont",
  ),
};

/** Whether `text` is a yes or a no and nothing else. */
export function isShortAnswer(text: string, language: Language): boolean {
  const words = wordsOf(text);
  return words.length <= MOST_WORDS && ANSWERS[language].test(words.join(" "));
}

function shortAnswer(core: string, around: string): RegExp {
  return new RegExp(`^(?:(?:${around}) )*(?:${core})(?: (?:${core}|${around}))*$`);
}
