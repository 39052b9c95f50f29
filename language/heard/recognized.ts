// Normalises recognised speech for searching and for the model: hesitations and stutters removed,
// number words as digits, spelled-out model names as they are written. The call keeps the verbatim
// text beside it.
//
//   normalizeRecognized("Ну э-э, какая какая масса у эр эм триста", "ru")  // "какая масса у РМ-300"

import type { Language } from "../../config/language.ts";
import { numberAt } from "./number_words.ts";

const HESITATIONS: Record<Language, ReadonlySet<string>> = {
  ru: new Set("э ээ эээ э-э ээээ эм м-м мм ммм гм хм кхм ну короче типа как-бы".split(" ")),
  en: new Set("uh uhh um umm uhm er erm hmm mm mmm ah".split(" ")),
};

/** Names of letters; only those that are not words themselves may start a model name. */
const LETTER_NAMES: Record<Language, Readonly<Record<string, string>>> = {
  ru: {
    "бэ": "Б",
    "вэ": "В",
    "гэ": "Г",
    "дэ": "Д",
    "жэ": "Ж",
    "зэ": "З",
    "ка": "К",
    "эл": "Л",
    "эль": "Л",
    "эм": "М",
    "эн": "Н",
    "пэ": "П",
    "эр": "Р",
    "эс": "С",
    "тэ": "Т",
    "эф": "Ф",
    "ха": "Х",
    "цэ": "Ц",
    "а": "А",
    "о": "О",
    "у": "У",
    "и": "И",
    "е": "Е",
  },
  en: {
    tee: "T",
    em: "M",
    cee: "C",
    see: "C",
    pee: "P",
    aitch: "H",
    dee: "D",
    ell: "L",
    en: "N",
    ess: "S",
  },
};

/** `raw` as one would have written it; "" when it holds only hesitations. */
export function normalizeRecognized(raw: string, language: Language): string {
  const tokens = raw.trim().split(/\s+/).filter((token) => token !== "");
  const kept = tokens.filter((token, i) =>
    !isFiller(bare(token), bare(tokens[i - 1] ?? ""), language)
  );
  return withoutStutter(withNumbers(kept, language)).join(" ");
}

/** "эм" alone is a hesitation; after "эр" it is a letter. */
function isFiller(word: string, before: string, language: Language): boolean {
  if (!HESITATIONS[language].has(word)) return false;
  const spelling = before.length > 1 && letterOf(before, language) !== undefined;
  return !(spelling && letterOf(word, language) !== undefined);
}

/** Whether two texts say the same: equal words after normalising, whatever the punctuation. */
export function saysTheSame(a: string, b: string, language: Language): boolean {
  const words = (text: string) =>
    normalizeRecognized(text, language).toLowerCase().replaceAll("ё", "е")
      .match(/[\p{L}\d]+/gu)?.join(" ") ?? "";
  return words(a) === words(b);
}

function withNumbers(tokens: readonly string[], language: Language): string[] {
  const words = tokens.map(bare);
  const ends = clauseEnds(tokens);
  const result: string[] = [];
  for (let i = 0; i < tokens.length;) {
    const letters = letterCount(words, i, language);
    const number = endsClause(tokens, i, letters)
      ? undefined
      : numberAt(words, i + letters, language, ends[i + letters]);
    if (
      !number || (letters === 0 && isBareSmallNumber(number) && !isDictated(words, i, language))
    ) {
      result.push(tokens[i++]!);
      continue;
    }
    const name = words.slice(i, i + letters).map((word) => letterOf(word, language)).join("");
    i += letters + number.length;
    result.push(`${name ? `${name}-` : ""}${number.value}${trailingPunctuation(tokens[i - 1]!)}`);
  }
  return result;
}

/**
 * For each token, where its clause ends (exclusive). A number never crosses a comma: "один, два" are
 * two. Found once from the back: a turn without any comma would be searched whole for each word.
 */
function clauseEnds(tokens: readonly string[]): number[] {
  const ends: number[] = [];
  let end = tokens.length;
  for (let i = tokens.length - 1; i >= 0; i--) {
    if (/[,.;:!?]$/.test(tokens[i]!)) end = i + 1;
    ends[i] = end;
  }
  return ends;
}

/** Whether another number stands right before or after: digits are being dictated. */
function isDictated(words: readonly string[], at: number, language: Language): boolean {
  return numberAt(words, at + 1, language) !== undefined ||
    (at > 0 && numberAt(words, at - 1, language) !== undefined);
}

/** "one of them" and "одна машина" stay in words. */
function isBareSmallNumber({ value, length }: { value: number; length: number }): boolean {
  return length === 1 && value <= 2;
}

function letterCount(words: readonly string[], start: number, language: Language): number {
  if ((words[start]?.length ?? 0) < (language === "ru" ? 2 : 1)) return 0;
  let count = 0;
  while (count < 4 && letterOf(words[start + count] ?? "", language) !== undefined) count++;
  return count >= 2 ? count : 0;
}

function letterOf(word: string, language: Language): string | undefined {
  if (language === "en" && /^[a-z]$/.test(word) && word !== "a" && word !== "i") {
    return word.toUpperCase();
  }
  return Object.hasOwn(LETTER_NAMES[language], word) ? LETTER_NAMES[language][word] : undefined;
}

function endsClause(tokens: readonly string[], start: number, count: number): boolean {
  return tokens.slice(start, start + count).some((token) => /[,.;:!?]$/.test(token));
}

function withoutStutter(tokens: readonly string[]): string[] {
  return tokens.filter((token, i) => {
    const next = tokens[i + 1];
    return next === undefined || /\d/.test(token) || bare(token) !== bare(next);
  });
}

function bare(token: string): string {
  const lower = token.toLowerCase().replaceAll("ё", "е");
  const start = lower.search(/[\p{L}\d]/u);
  return start === -1 ? "" : lower.slice(start, lower.length - trailingPunctuation(lower).length);
}

/** Found without `…+$`, which looks from each of its characters to the end. */
function trailingPunctuation(token: string): string {
  let end = 0;
  for (const { 0: character, index } of token.matchAll(/[\p{L}\d]/gu)) {
    end = index + character.length;
  }
  return token.slice(end);
}
