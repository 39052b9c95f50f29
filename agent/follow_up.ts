// Questions that make sense only after an earlier one: "and its price?", "а гарантия на него?"

import type { Language } from "../config/language.ts";
import type { DialogueTurn } from "./agent.ts";
import { lexiconOf, wordsOf } from "../language/lexicon.ts";
import { queryStems } from "../language/stems.ts";

/** A question with more stems than this stands on its own. */
const FEW_STEMS = 2;

/** Whether `question` refers back and the caller has said something before. */
export function refersBack(
  question: string,
  history: readonly DialogueTurn[],
  language: Language,
): boolean {
  return history.some((turn) => turn.role === "caller") &&
    lexiconOf(language).followUp.test(wordsOf(question).join(" ")) &&
    queryStems(question, language).length <= FEW_STEMS;
}

/**
 * The question, followed by the previous one when it refers back. A question about something that is
 * the same for every product ("and the warranty?") needs nothing from before.
 */
export function withQuestionBefore(
  question: string,
  history: readonly DialogueTurn[],
  language: Language,
): string {
  if (!refersBack(question, history, language)) return question;
  const decisive = queryStems(lexiconOf(language).decisive.join(" "), language);
  if (queryStems(question, language).some((stem) => decisive.includes(stem))) return question;
  return `${question} ${history.findLast((turn) => turn.role === "caller")!.text}`;
}
