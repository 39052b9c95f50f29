// Russian units of measure: their symbols, and their declension after a number.

import type { Case, Gender } from "./numbers_ru.ts";

/** Declensions: hard masculine (with or without -ов), soft masculine, feminine. */
type Declension = "m" | "m0" | "soft" | "f";

interface UnitNoun {
  readonly stem: string;
  readonly declension: Declension;
}

/** A unit's spoken forms. */
export interface Unit {
  readonly gender: Gender;
  /** After one, in the given case: "килоньютона". */
  singular(grammaticalCase: Case): string;
  /** After many, in the given case; nominative and accusative numerals govern the genitive. */
  plural(grammaticalCase: Case): string;
  /** After two, three or four in the nominative or accusative: "два квадратных метра". */
  few(): string;
}

const SINGULAR: Record<Declension, Record<Case, string>> = {
  m: {
    nominative: "",
    genitive: "а",
    dative: "у",
    accusative: "",
    instrumental: "ом",
    prepositional: "е",
  },
  m0: {
    nominative: "",
    genitive: "а",
    dative: "у",
    accusative: "",
    instrumental: "ом",
    prepositional: "е",
  },
  soft: {
    nominative: "ь",
    genitive: "я",
    dative: "ю",
    accusative: "ь",
    instrumental: "ем",
    prepositional: "е",
  },
  f: {
    nominative: "а",
    genitive: "ы",
    dative: "е",
    accusative: "у",
    instrumental: "ой",
    prepositional: "е",
  },
};
const PLURAL_GENITIVE: Record<Declension, string> = { m: "ов", m0: "", soft: "ей", f: "" };

const NOUNS: readonly (readonly [symbols: string, stem: string, declension: Declension])[] = [
  ["мкм µm um", "микрометр", "m"],
  ["мм mm", "миллиметр", "m"],
  ["см cm", "сантиметр", "m"],
  ["дм", "дециметр", "m"],
  ["км km", "километр", "m"],
  ["м m", "метр", "m"],
  ["кН kN кн", "килоньютон", "m"],
  ["МН MN", "меганьютон", "m"],
  ["Н N", "ньютон", "m"],
  ["ГПа GPa", "гигапаскал", "soft"],
  ["МПа MPa мпа", "мегапаскал", "soft"],
  ["кПа kPa", "килопаскал", "soft"],
  ["Па Pa", "паскал", "soft"],
  ["кДж kJ", "килоджоул", "soft"],
  ["Дж J", "джоул", "soft"],
  ["кВт kW квт", "киловатт", "m0"],
  ["Вт W", "ватт", "m0"],
  ["кВ kV", "киловольт", "m0"],
  ["В V", "вольт", "m0"],
  ["мА", "миллиампер", "m0"],
  ["А A", "ампер", "m0"],
  ["кГц kHz", "килогерц", "m0"],
  ["МГц MHz", "мегагерц", "m0"],
  ["Гц Hz", "герц", "m0"],
  ["дБ dB", "децибел", "m0"],
  ["кг kg", "килограмм", "m"],
  ["мг mg", "миллиграмм", "m"],
  ["г g", "грамм", "m"],
  ["т t", "тонн", "f"],
  ["мл ml", "миллилитр", "m"],
  ["л l", "литр", "m"],
  ["мс ms", "миллисекунд", "f"],
  ["сек с s", "секунд", "f"],
  ["мин min", "минут", "f"],
  ["ч h", "час", "m"],
  ["% проц", "процент", "m"],
  ["° град", "градус", "m"],
  ["руб ₽", "рубл", "soft"],
  ["шт", "штук", "f"],
  ["об", "оборот", "m"],
  ["бар bar", "бар", "m0"],
  ["тыс", "тысяч", "f"],
  ["млн", "миллион", "m"],
  ["млрд", "миллиард", "m"],
  ["ГБ GB", "гигабайт", "m0"],
  ["МБ MB", "мегабайт", "m0"],
];

const BY_SYMBOL = new Map<string, UnitNoun>(
  NOUNS.flatMap(([symbols, stem, declension]) =>
    symbols.split(" ").map((symbol) => [symbol, { stem, declension }] as const)
  ),
);

/** Simple units, not composed of others. */
const FIXED_TAILS: Record<string, readonly [UnitNoun, string]> = {
  "°C": [{ stem: "градус", declension: "m" }, " Цельсия"],
  "°С": [{ stem: "градус", declension: "m" }, " Цельсия"],
  "об/мин": [{ stem: "оборот", declension: "m" }, " в минуту"],
  "Н·м": [{ stem: "ньютон-метр", declension: "m" }, ""],
  "Н*м": [{ stem: "ньютон-метр", declension: "m" }, ""],
  "Нм": [{ stem: "ньютон-метр", declension: "m" }, ""],
  "кВт·ч": [{ stem: "киловатт-час", declension: "m" }, ""],
  "кгс": [{ stem: "килограмм-сил", declension: "f" }, ""],
};

const SIMPLE = [...BY_SYMBOL.keys()].sort((a, b) => b.length - a.length).map(escape).join("|");
const POWERED = `(?:${SIMPLE})(?:[²³]|[23](?!\\d))?`;
/** Matches a unit's symbol; "мм/мин" and "Н/мм²" match whole. */
export const UNIT_PATTERN = `(?:${
  Object.keys(FIXED_TAILS).sort((a, b) => b.length - a.length).map(escape).join("|")
}|${POWERED}(?:/${POWERED})?)(?![\\p{L}\\d])`;

/** The unit of a symbol, or undefined. */
export function unitOf(symbol: string): Unit | undefined {
  const fixed = FIXED_TAILS[symbol];
  if (fixed) return spoken(fixed[0], undefined, fixed[1]);
  const [head, below] = symbol.split("/");
  const noun = simple(head!);
  if (!noun) return undefined;
  if (below === undefined) return spoken(noun.noun, noun.adjective, "");
  const per = simple(below);
  if (!per) return undefined;
  const preposition = /^(?:с|сек|мин|ч|s|min|h|мс|ms)$/.test(below) ? "в" : "на";
  return spoken(
    noun.noun,
    noun.adjective,
    ` ${preposition} ${spoken(per.noun, per.adjective, "").singular("accusative")}`,
  );
}

function simple(symbol: string): { noun: UnitNoun; adjective: string | undefined } | undefined {
  const noun = BY_SYMBOL.get(symbol);
  if (noun) return { noun, adjective: undefined };
  const powered = BY_SYMBOL.get(symbol.slice(0, -1));
  if (!powered) return undefined;
  return { noun: powered, adjective: /[²2]$/.test(symbol) ? "квадратн" : "кубическ" };
}

function spoken(noun: UnitNoun, adjective: string | undefined, tail: string): Unit {
  const whole = (adjectiveEnding: (stem: string) => string, form: string) =>
    `${adjective ? `${adjective}${adjectiveEnding(adjective)} ` : ""}${form}${tail}`;
  return {
    gender: noun.declension === "f" ? "f" : "m",
    singular: (grammaticalCase) =>
      whole(
        (stem) => singularAdjective(stem, grammaticalCase),
        singularForm(noun, grammaticalCase),
      ),
    plural: (grammaticalCase) =>
      whole((stem) => pluralAdjective(stem, grammaticalCase), pluralForm(noun, grammaticalCase)),
    few: () => whole((stem) => pluralAdjective(stem, "genitive"), singularForm(noun, "genitive")),
  };
}

function singularForm({ stem, declension }: UnitNoun, grammaticalCase: Case): string {
  const ending = SINGULAR[declension][grammaticalCase];
  return `${stem}${/[гкхчшщж]$/.test(stem) && ending === "ы" ? "и" : ending}`;
}

function pluralForm({ stem, declension }: UnitNoun, grammaticalCase: Case): string {
  const soft = declension === "soft";
  switch (grammaticalCase) {
    case "dative":
      return `${stem}${soft ? "ям" : "ам"}`;
    case "instrumental":
      return `${stem}${soft ? "ями" : "ами"}`;
    case "prepositional":
      return `${stem}${soft ? "ях" : "ах"}`;
    default:
      return `${stem}${PLURAL_GENITIVE[declension]}`;
  }
}

function singularAdjective(stem: string, grammaticalCase: Case): string {
  const endings: Record<Case, string> = {
    nominative: stem.endsWith("к") ? "ий" : "ый",
    genitive: "ого",
    dative: "ому",
    accusative: stem.endsWith("к") ? "ий" : "ый",
    instrumental: stem.endsWith("к") ? "им" : "ым",
    prepositional: "ом",
  };
  return endings[grammaticalCase];
}

function pluralAdjective(stem: string, grammaticalCase: Case): string {
  const vowel = stem.endsWith("к") ? "и" : "ы";
  if (grammaticalCase === "dative") return `${vowel}м`;
  return grammaticalCase === "instrumental" ? `${vowel}ми` : `${vowel}х`;
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
