// Chooses the knowledge base for a question by word stems, never by parts of words: "мм" must not send
// "программа" to the technical base.

import type { Language } from "../config/language.ts";
import type { KnowledgeBaseName } from "../language/language.ts";
import { lexiconOf } from "../language/lexicon.ts";
import { queryStems, stemOf } from "../language/stems.ts";

/** The base to search; both when the question has routing words of both or of neither. */
export type Route = KnowledgeBaseName | "both";

const routeStems = new Map<Language, Readonly<Record<KnowledgeBaseName, ReadonlySet<string>>>>();

/** The base that should answer `question`. */
export function routeOf(question: string, language: Language): Route {
  const { general, tech } = stemsFor(language);
  const stems = queryStems(question, language);
  const isGeneral = stems.some((stem) => general.has(stem));
  const isTech = stems.some((stem) => tech.has(stem));
  if (isGeneral === isTech) return "both";
  return isTech ? "tech" : "general";
}

function stemsFor(language: Language) {
  const known = routeStems.get(language);
  if (known) return known;
  const { routing } = lexiconOf(language);
  const stems = (words: readonly string[]) =>
    new Set(words.flatMap((word) => stemOf(word.replaceAll("ё", "е"), language) ?? []));
  const made = { general: stems(routing.general), tech: stems(routing.tech) };
  routeStems.set(language, made);
  return made;
}
