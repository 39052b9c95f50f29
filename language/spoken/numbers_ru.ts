// Russian numerals in words: cardinals and decimals in any case and gender, and the ordinals of dates.

import { createRequire } from "node:module";

type Package = typeof import("number-to-words-ru");

/** Loaded on the first number: loading takes 15 ms of an isolate's start, and English calls never need it. */
let loaded: Package | undefined;

// The package is CommonJS under an ES "type": only `require` exposes its named exports.
const convert: Package["convert"] = (...args) => {
  loaded ??= createRequire(import.meta.url)("number-to-words-ru") as Package;
  return loaded.convert(...args);
};

/** The six cases. */
export type Case =
  | "nominative"
  | "genitive"
  | "dative"
  | "accusative"
  | "instrumental"
  | "prepositional";

/** Masculine, feminine, neuter. */
export type Gender = "m" | "f" | "n";

const GENDERS = { m: 0, f: 1, n: 2 } as const;

/**
 * A whole or decimal number ("600", "0,5", "2.25") in words: "шестисот", "ноль целых пять десятых".
 * The gender is that of the counted noun; a decimal has its own.
 */
export function numeral(
  digits: string,
  grammaticalCase: Case = "nominative",
  gender: Gender = "m",
) {
  const decimal = digits.replace(",", ".").replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
  const words = decimal.includes(".")
    ? convert(decimal, {
      currency: "number",
      declension: grammaticalCase,
      convertNumberToWords: { integer: true, fractional: true },
    })
    : cardinal(decimal, grammaticalCase, gender);
  return tidy(words);
}

function cardinal(digits: string, grammaticalCase: Case, gender: Gender): string {
  return convert(digits, {
    currency: {
      currencyNameCases: ["", "", ""],
      currencyNounGender: { integer: GENDERS[gender], fractionalPart: 1 },
      fractionalPartMinLength: 0,
    },
    declension: grammaticalCase,
    showNumberParts: { integer: true, fractional: false },
    showCurrency: { integer: false, fractional: false },
  });
}

/** The colloquial form: "тысяча двести", not "одна тысяча двести"; "нуля", not "ноля". */
function tidy(words: string): string {
  return words.trim().toLowerCase()
    .replace(/^(?:одна|одной|одну) (?=тысяч)/, "")
    .replace(/(^| )нол(?=(?:я|ю|ём|е)(?: |$))/g, "$1нул");
}

const ORDINAL_UNITS = (
  " перв втор трет четвёрт пят шест седьм восьм девят десят одиннадцат двенадцат тринадцат " +
  "четырнадцат пятнадцат шестнадцат семнадцат восемнадцат девятнадцат"
).split(" ");
const ORDINAL_TENS = "  двадцат тридцат сороков пятидесят шестидесят семидесят восьмидесят девяност"
  .split(" ");
const ORDINAL_HUNDREDS =
  " сот двухсот трёхсот четырёхсот пятисот шестисот семисот восьмисот девятисот".split(" ");

/** Endings of ordinals; "третий" is soft and handled separately. */
const ENDINGS = {
  m: {
    nominative: "ый",
    genitive: "ого",
    dative: "ому",
    accusative: "ый",
    instrumental: "ым",
    prepositional: "ом",
  },
  f: {
    nominative: "ая",
    genitive: "ой",
    dative: "ой",
    accusative: "ую",
    instrumental: "ой",
    prepositional: "ой",
  },
  n: {
    nominative: "ое",
    genitive: "ого",
    dative: "ому",
    accusative: "ое",
    instrumental: "ым",
    prepositional: "ом",
  },
} as const;
const THIRD = {
  m: {
    nominative: "ий",
    genitive: "ьего",
    dative: "ьему",
    accusative: "ий",
    instrumental: "ьим",
    prepositional: "ьем",
  },
  f: {
    nominative: "ья",
    genitive: "ьей",
    dative: "ьей",
    accusative: "ью",
    instrumental: "ьей",
    prepositional: "ьей",
  },
  n: {
    nominative: "ье",
    genitive: "ьего",
    dative: "ьему",
    accusative: "ье",
    instrumental: "ьим",
    prepositional: "ьем",
  },
} as const;

/** An ordinal from 1 to 9999: "двадцатого", "две тысячи двадцать шестом". */
export function ordinal(value: number, grammaticalCase: Case = "nominative", gender: Gender = "m") {
  const lastTwo = value % 100;
  const last = lastTwo < 20 ? lastTwo : value % 10;
  const stem = lastOrdinalStem(value, last);
  const before = value - lastPart(value, last);
  const isSoft = stem.endsWith("трет");
  const hard = /(?:^|[^а-яё])(?:втор|шест|седьм|восьм|сороков)$/.test(stem);
  let ending: string = (isSoft ? THIRD : ENDINGS)[gender][grammaticalCase];
  if (hard && ending === "ый") ending = "ой";
  return `${before > 0 ? `${numeral(String(before))} ` : ""}${stem}${ending}`;
}

function lastOrdinalStem(value: number, last: number): string {
  if (last > 0) return ORDINAL_UNITS[last]!;
  if (value % 100 > 0) return ORDINAL_TENS[value % 100 / 10]!;
  if (value % 1000 > 0) return ORDINAL_HUNDREDS[value % 1000 / 100]!;
  return `${["", "", "двух", "трёх", "четырёх", "пяти"][value / 1000] ?? ""}тысячн`;
}

/** The part of the value expressed by its last, declined word. */
function lastPart(value: number, last: number): number {
  if (last > 0) return last;
  if (value % 100 > 0) return value % 100;
  return value % 1000 > 0 ? value % 1000 : value;
}
