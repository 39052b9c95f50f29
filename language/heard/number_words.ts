// Turns the number words of recognised speech back into numbers.

import type { Language } from "../../config/language.ts";
import { type Case, type Gender, numeral } from "../spoken/numbers_ru.ts";

/** A word's value in a number; a multiplier ("тысяча", "hundred") scales the words before it. */
interface NumberWord {
  readonly value: number;
  readonly multiplies: boolean;
}

const ENGLISH: Readonly<Record<string, number>> = {
  zero: 0,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  eleven: 11,
  twelve: 12,
  thirteen: 13,
  fourteen: 14,
  fifteen: 15,
  sixteen: 16,
  seventeen: 17,
  eighteen: 18,
  nineteen: 19,
  twenty: 20,
  thirty: 30,
  forty: 40,
  fifty: 50,
  sixty: 60,
  seventy: 70,
  eighty: 80,
  ninety: 90,
};
const ENGLISH_MULTIPLIERS: Readonly<Record<string, number>> = {
  hundred: 100,
  thousand: 1000,
  million: 1_000_000,
};
const CASES: readonly Case[] = [
  "nominative",
  "genitive",
  "dative",
  "accusative",
  "instrumental",
  "prepositional",
];

const tables = new Map<Language, ReadonlyMap<string, NumberWord>>();

/**
 * The number that starts at `start` and how many words it takes; undefined where none starts. Words
 * are lower case with "ё" as "е"; those from `end` on do not count. A dictated "восемь девятьсот двенадцать" is two numbers.
 */
export function numberAt(
  words: readonly string[],
  start: number,
  language: Language,
  end = words.length,
): { readonly value: number; readonly length: number } | undefined {
  const table = tableOf(language);
  let total = 0;
  let group = 0;
  let smallest = Infinity;
  let length = 0;
  for (let i = start; i < end; i++) {
    const joined = language === "en" && words[i] === "and" && length > 0 && smallest >= 100;
    if (joined && i + 1 < end && table.has(words[i + 1]!)) continue;
    const word = table.get(words[i]!);
    if (!word) break;
    if (word.multiplies) {
      if (length > 0 && group === 0) break;
      if (word.value === 100) group = (group || 1) * 100;
      else {
        total += (group || 1) * word.value;
        group = 0;
      }
      smallest = word.value;
    } else {
      if (length > 0 && !fitsBelow(word.value, smallest)) break;
      group += word.value;
      smallest = magnitude(word.value);
    }
    length = i - start + 1;
  }
  return length > 0 ? { value: total + group, length } : undefined;
}

/** "двадцать" may be followed by "пять"; "пять" only by a multiplier. */
function fitsBelow(value: number, smallest: number): boolean {
  return value > 0 && smallest > 1 && value < smallest && !(smallest === 10 && value >= 10);
}

/** The decimal place that a word fills: 300 → 100, 40 → 10, 15 and 5 → 1. */
function magnitude(value: number): number {
  if (value >= 100) return 100;
  return value >= 20 ? 10 : 1;
}

function tableOf(language: Language): ReadonlyMap<string, NumberWord> {
  const known = tables.get(language);
  if (known) return known;
  const table = language === "en" ? englishTable() : russianTable();
  tables.set(language, table);
  return table;
}

function englishTable(): Map<string, NumberWord> {
  return new Map<string, NumberWord>([
    ...Object.entries(ENGLISH).map(([word, value]) =>
      [word, { value, multiplies: false }] as const
    ),
    ...Object.entries(ENGLISH_MULTIPLIERS)
      .map(([word, value]) => [word, { value, multiplies: true }] as const),
  ]);
}

function russianTable(): Map<string, NumberWord> {
  const table = new Map<string, NumberWord>();
  const add = (value: number, grammaticalCase: Case, gender: Gender) =>
    table.set(numeral(String(value), grammaticalCase, gender).replaceAll("ё", "е"), {
      value,
      multiplies: false,
    });
  const simple = [...Array(20).keys(), 20, 30, 40, 50, 60, 70, 80, 90]
    .concat([100, 200, 300, 400, 500, 600, 700, 800, 900]);
  for (const value of simple) {
    for (const grammaticalCase of CASES) {
      for (const gender of value <= 2 ? ["m", "f", "n"] as const : ["m"] as const) {
        add(value, grammaticalCase, gender);
      }
    }
  }
  for (const ending of ["а", "и", "у", "е", "ей", "", "ам", "ами", "ах"]) {
    table.set(`тысяч${ending}`, { value: 1000, multiplies: true });
  }
  for (const ending of ["", "а", "у", "ом", "е", "ов", "ам", "ами", "ах"]) {
    table.set(`миллион${ending}`, { value: 1_000_000, multiplies: true });
  }
  return table;
}
