// Russian text as people say it aloud: numerals agree with the counted noun and with the preposition
// before them.

import { spell } from "./letters_ru.ts";
import { type Case, type Gender, numeral, ordinal } from "./numbers_ru.ts";
import { type Unit, UNIT_PATTERN, unitOf } from "./units_ru.ts";

const MONTHS = "января февраля марта апреля мая июня июля августа сентября октября ноября декабря"
  .split(" ");

/** Prepositions and comparatives, and the case they govern. */
const CASE_AFTER: readonly (readonly [RegExp, Case])[] = [
  [
    /(?:^|[^а-яё])(?:от|до|из|без|около|более|менее|больше|меньше|свыше|выше|ниже|порядка|после|кроме|у|для|в пределах|в течение|в диапазоне|не старше|длиной|весом|массой)$/i,
    "genitive",
  ],
  [/(?:^|[^а-яё])(?:к|ко|равна|равен|равно)$/i, "dative"],
  [/(?:^|[^а-яё])(?:при|о|об)$/i, "prepositional"],
  [/(?:^|[^а-яё])(?:между|над|перед)$/i, "instrumental"],
];

const NUMBER = "\\d+(?:[.,]\\d+)?";
const DASH = "\\s?[–—]\\s?|-";
const SIGN = "(?<![\\p{L}\\d])[-−–+±]?";

/** What follows "от … до" or a preposition that allows no "от" of its own. */
const NO_FROM = /(?:^|[^а-яё])(?:за|на|в|через|по|каждые|раз в)$/i;

/** Russian text in which nothing is left for a voice to guess. */
export function speakRussian(text: string): string {
  let spoken = text.replace(/(\d)[ \u00a0\u202f](?=\d{3}(?!\d))/g, "$1");
  for (const [pattern, say] of RULES) {
    spoken = spoken.replace(pattern, (...match: unknown[]) => {
      const groups = match.filter((part) => typeof part === "string" || part === undefined);
      const whole = groups.pop() as string;
      const offset = match.find((part) => typeof part === "number") as number;
      const before = whole.slice(0, offset).trimEnd();
      const after = whole.slice(offset + (groups[0] as string).length);
      return say(groups as readonly string[], before, after);
    });
  }
  return spoken;
}

type Rule = readonly [
  pattern: RegExp,
  say: (match: readonly string[], before: string, after: string) => string,
];

const RULES: readonly Rule[] = [
  [
    /(?<![\d\p{L}])(\+?[78])[\s(-]*(\d{3})[\s)-]*(\d{3})[\s-]*(\d{2})[\s-]*(\d{2})(?!\d)/gu,
    (groups) => groups.slice(1).map(phoneGroup).join(", "),
  ],
  [
    /(?<!\d)(\d{1,2})\.(\d{1,2})\.(\d{4})(?:\s?(?:года|г\.))?(?!\d)/g,
    ([whole, day, month, year]) => date(whole!, day!, month!, year!),
  ],
  [
    /(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)/g,
    ([whole, year, month, day]) => date(whole!, day!, month!, year!),
  ],
  [
    new RegExp(`(?<!\\d)(\\d{1,2})(?=\\s(?:${MONTHS.join("|")})(?![а-яё]))`, "g"),
    ([, day]) => ordinal(Number(day), "genitive"),
  ],
  [
    /(?<!\d)(\d{4})(?:-?(?:й|го|м|му))?\s(год(?:а|у|ом|е)?|г\.)(?![а-яё])/g,
    ([, year, noun], before) => yearInWords(Number(year), noun!, before),
  ],
  [
    /(?<!\d)(\d{1,2}):(\d{2})(?:\s?[–—-]\s?)(\d{1,2}):(\d{2})(?!\d)/g,
    ([, h1, m1, h2, m2]) => `с ${time(h1!, m1!, "genitive")} до ${time(h2!, m2!, "genitive")}`,
  ],
  [
    /(?<!\d)([01]?\d|2[0-3]):([0-5]\d)(?!\d)/g,
    ([, hours, minutes], before) =>
      time(hours!, minutes!, /(?:^|\s)с$/i.test(before) ? "genitive" : caseAfter(before)),
  ],
  [
    /(ГОСТ|ISO|ASTM|ИСО|ТУ|EN|СНиП)(\s(?:Р|Р ИСО|ISO|ИСО|[A-Z]))?\s?(\d[\d.\s]*\d|\d)(?:[-–](\d+))?/g,
    ([, name, kind, number, year]) =>
      [name, kind?.trim(), numberParts(number!), year && numeral(year)].filter(Boolean).join(" "),
  ],
  [
    /(?<![\p{L}\d])([А-ЯЁA-Z]{1,4})[-–](\d+)(?:[.,](\d+))?([А-ЯЁA-Z]{0,2})(?![\p{L}\d])/gu,
    ([, letters, number, fraction, suffix]) =>
      [
        spell(letters!),
        numeral(number!),
        fraction && `и ${numeral(fraction)}`,
        suffix && spell(suffix),
      ].filter(Boolean).join(" "),
  ],
  [
    /(?<!\d)(\d+)-?(й|я|е|го|му|м)(?![\p{L}])/gu,
    ([whole, n, ending]) => ordinalWith(whole!, n!, ending!),
  ],
  [/(?<!\d)(\d+)-(?:х|ти|и)(?![\p{L}])/gu, ([, number]) => numeral(number!, "genitive")],
  [/№\s?/g, () => "номер "],
  [/[~≈]\s?(?=\d)/g, () => "около "],
  [/≤\s?(?=\d)/g, () => "не более "],
  [/≥\s?(?=\d)/g, () => "не менее "],
  [/(\d)\s?[×хx*]\s?(?=\d)/g, ([, digit]) => `${digit} на `],
  [
    new RegExp(
      `(${SIGN})(${NUMBER})(?:${DASH}|\\.\\.\\.|…)(${SIGN})(${NUMBER})(?:\\s?(${UNIT_PATTERN}))?(?![\\d-])`,
      "gu",
    ),
    range,
  ],
  [
    new RegExp(
      `(${SIGN})(${NUMBER})\\s?(тыс\\.?|млн|млрд)(?:\\s?(${UNIT_PATTERN})\\.?)?(?![\\p{L}])`,
      "gu",
    ),
    ([, sign, number, multiplier, unit], before) =>
      `${signWord(sign!)}${
        counted(number!, unitOf(multiplier!.replace(".", ""))!, caseAfter(before))
      }` +
      (unit ? ` ${unitOf(unit)!.plural("genitive")}` : ""),
  ],
  [
    new RegExp(`(${SIGN})(${NUMBER})[\\s\u00a0]?(${UNIT_PATTERN})(?:\\.(?=\\s+[а-яё]))?`, "gu"),
    ([, sign, number, unit], before) =>
      `${signWord(sign!)}${counted(number!, unitOf(unit!)!, caseAfter(before))}`,
  ],
  [
    new RegExp(`(${SIGN})(${NUMBER})(?![\\d])`, "gu"),
    ([, sign, number], before, after) =>
      `${signWord(sign!)}${numeral(number!, caseAfter(before), genderOf(number!, after))}`,
  ],
  [
    /(?<![\p{L}\d])(?:кН|МПа|кПа|ГПа|кВт|кГц|Гц|мкм|мм|кг)(?![\p{L}\d])/gu,
    ([symbol]) => unitOf(symbol!)!.plural("genitive"),
  ],
  [/\d+/g, ([digits]) => ` ${numeral(digits!)} `],
  [/±/g, () => " плюс-минус "],
  [/\s?[%°]/g, ([sign]) => ` ${unitOf(sign!.trim())!.plural("genitive")}`],
  [/\s?&\s?/g, () => " и "],
];

function range(
  [, sign1, from, sign2, to, symbol]: readonly string[],
  before: string,
): string {
  const unit = symbol ? unitOf(symbol) : undefined;
  if (NO_FROM.test(before)) {
    return `${signWord(sign1!)}${numeral(from!, "accusative", unit?.gender)}-${signWord(sign2!)}${
      unit ? counted(to!, unit, "accusative") : numeral(to!, "accusative")
    }`;
  }
  const start = /(?:^|\s)(?:от|с)$/i.test(before) ? "" : "от ";
  const low = `${signWord(sign1!)}${numeral(from!, "genitive", unit?.gender)}`;
  const high = unit ? counted(to!, unit, "genitive") : numeral(to!, "genitive");
  return `${start}${low} до ${signWord(sign2!)}${high}`;
}

/** A number and its unit in agreement: "двух килоньютонов", "полтора миллиметра". */
function counted(number: string, unit: Unit, grammaticalCase: Case): string {
  const direct = grammaticalCase === "nominative" || grammaticalCase === "accusative";
  const value = number.replace(",", ".");
  if (/^1\.50*$/.test(value)) {
    return direct
      ? `${unit.gender === "f" ? "полторы" : "полтора"} ${unit.singular("genitive")}`
      : `полутора ${unit.plural(grammaticalCase)}`;
  }
  const words = numeral(number, grammaticalCase, unit.gender);
  if (/\.\d*[1-9]/.test(value)) return `${words} ${unit.singular("genitive")}`;
  return `${words} ${unitForm(Math.trunc(Number(value)), unit, grammaticalCase, direct)}`;
}

function unitForm(count: number, unit: Unit, grammaticalCase: Case, direct: boolean): string {
  const last = count % 10;
  const teen = count % 100 >= 11 && count % 100 <= 14;
  if (last === 1 && !teen) return unit.singular(grammaticalCase);
  if (!direct) return unit.plural(grammaticalCase);
  return last >= 2 && last <= 4 && !teen ? unit.few() : unit.plural("genitive");
}

function caseAfter(before: string): Case {
  return CASE_AFTER.find(([pattern]) => pattern.test(before))?.[1] ?? "nominative";
}

/** The gender of the noun after a bare number, by its ending: "две недели", "одна машина". */
function genderOf(number: string, after: string): Gender {
  const noun = /^\s([а-яё]+)/.exec(after)?.[1];
  const last = Number(number.at(-1));
  if (!noun || number.endsWith("11") || number.endsWith("12")) return "m";
  if (last === 1) return /[ая]$/.test(noun) ? "f" : /[ое]$/.test(noun) ? "n" : "m";
  return last === 2 && /(?:[иы]|ой)$/.test(noun) ? "f" : "m";
}

function signWord(sign: string): string {
  if (sign === "±") return "плюс-минус ";
  if (sign === "+") return "плюс ";
  return sign === "" ? "" : "минус ";
}

function phoneGroup(digits: string): string {
  const plus = digits.startsWith("+") ? "плюс " : "";
  const bare = digits.replace("+", "");
  const zeros = /^0*/.exec(bare)![0].length;
  const rest = bare.slice(zeros);
  return plus + [...Array(zeros).fill("ноль"), rest && numeral(rest)].filter(Boolean).join(" ");
}

function date(whole: string, day: string, month: string, year: string): string {
  const name = MONTHS[Number(month) - 1];
  if (!name || Number(day) < 1 || Number(day) > 31) return whole;
  return `${ordinal(Number(day), "genitive")} ${name} ${ordinal(Number(year), "genitive")} года`;
}

function yearInWords(year: number, noun: string, before: string): string {
  const cases: Record<string, Case> = {
    "год": "nominative",
    "года": "genitive",
    "году": "prepositional",
    "годом": "instrumental",
    "годе": "prepositional",
  };
  const abbreviated = /(?:^|\s)в$/i.test(before) ? "prepositional" : "genitive";
  const grammaticalCase = cases[noun] ?? abbreviated;
  const spoken = cases[noun] ? noun : abbreviated === "prepositional" ? "году" : "года";
  return `${ordinal(year, grammaticalCase)} ${spoken}`;
}

const HOUR = unitOf("ч")!;

function time(hours: string, minutes: string, grammaticalCase: Case): string {
  if (minutes === "00") return counted(String(Number(hours)), HOUR, grammaticalCase);
  const zero = minutes.startsWith("0") ? "ноль " : "";
  return `${numeral(String(Number(hours)), grammaticalCase)} ${zero}${
    numeral(String(Number(minutes)), grammaticalCase, "f")
  }`;
}

function ordinalWith(whole: string, number: string, ending: string): string {
  if (Number(number) < 1 || Number(number) > 9999) return whole;
  const forms: Record<string, readonly [Case, Gender]> = {
    "й": ["nominative", "m"],
    "я": ["nominative", "f"],
    "е": ["nominative", "n"],
    "го": ["genitive", "m"],
    "му": ["dative", "m"],
    "м": ["prepositional", "m"],
  };
  return ordinal(Number(number), ...forms[ending]!);
}

function numberParts(number: string): string {
  return number.split(/[.\s]+/).filter(Boolean).map((part) => numeral(part)).join(" ");
}
