// English text as people say it aloud.

import { toCardinal, toOrdinal } from "n2words/en-US";

const MONTHS = ("January February March April May June July August September October November " +
  "December").split(" ");

const UNITS: Readonly<Record<string, readonly [singular: string, plural: string]>> = {
  "µm": ["micrometer", "micrometers"],
  um: ["micrometer", "micrometers"],
  mm: ["millimeter", "millimeters"],
  cm: ["centimeter", "centimeters"],
  km: ["kilometer", "kilometers"],
  m: ["meter", "meters"],
  kN: ["kilonewton", "kilonewtons"],
  MN: ["meganewton", "meganewtons"],
  N: ["newton", "newtons"],
  "N·m": ["newton meter", "newton meters"],
  Nm: ["newton meter", "newton meters"],
  GPa: ["gigapascal", "gigapascals"],
  MPa: ["megapascal", "megapascals"],
  kPa: ["kilopascal", "kilopascals"],
  Pa: ["pascal", "pascals"],
  kJ: ["kilojoule", "kilojoules"],
  J: ["joule", "joules"],
  kW: ["kilowatt", "kilowatts"],
  W: ["watt", "watts"],
  kV: ["kilovolt", "kilovolts"],
  V: ["volt", "volts"],
  mA: ["milliampere", "milliamperes"],
  A: ["ampere", "amperes"],
  kHz: ["kilohertz", "kilohertz"],
  MHz: ["megahertz", "megahertz"],
  Hz: ["hertz", "hertz"],
  dB: ["decibel", "decibels"],
  kg: ["kilogram", "kilograms"],
  mg: ["milligram", "milligrams"],
  g: ["gram", "grams"],
  t: ["ton", "tons"],
  ml: ["milliliter", "milliliters"],
  l: ["liter", "liters"],
  ms: ["millisecond", "milliseconds"],
  s: ["second", "seconds"],
  sec: ["second", "seconds"],
  min: ["minute", "minutes"],
  h: ["hour", "hours"],
  hrs: ["hour", "hours"],
  rpm: ["revolution per minute", "revolutions per minute"],
  bar: ["bar", "bar"],
  GB: ["gigabyte", "gigabytes"],
  MB: ["megabyte", "megabytes"],
  "°C": ["degree Celsius", "degrees Celsius"],
  "°F": ["degree Fahrenheit", "degrees Fahrenheit"],
  "°": ["degree", "degrees"],
  "%": ["percent", "percent"],
};

const SIMPLE = Object.keys(UNITS).sort((a, b) => b.length - a.length)
  .map((symbol) => symbol.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
const POWERED = `(?:${SIMPLE})(?:[²³]|[23](?!\\d))?`;
const UNIT = `(${POWERED}(?:/${POWERED})?)(?![\\p{L}\\d])`;
const NUMBER = "\\d+(?:\\.\\d+)?";
const SIGN = "(?<![\\p{L}\\d])[-−–+±]?";

/** English text in which nothing is left for a voice to guess. */
export function speakEnglish(text: string): string {
  let spoken = text.replace(/(\d),(?=\d{3}(?!\d))/g, "$1")
    .replace(/(\d)[\u00a0\u202f](?=\d{3}(?!\d))/g, "$1");
  for (const [pattern, say] of RULES) {
    spoken = spoken.replace(pattern, (...groups: string[]) => say(groups));
  }
  return spoken;
}

type Rule = readonly [pattern: RegExp, say: (match: readonly string[]) => string];

const RULES: readonly Rule[] = [
  [
    /(?<![\d\p{L}])\+?\d{1,3}[\s.-]?\(?\d{3}\)?[\s.-]\d{3}[\s.-]?\d{2}[\s.-]?\d{2}(?!\d)|(?<![\d\p{L}])\(?\d{3}\)?[\s.-]\d{3}[\s.-]\d{4}(?!\d)/gu,
    ([phone]) => phoneDigits(phone!),
  ],
  [
    /(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)/g,
    ([whole, year, month, day]) => date(whole!, MONTHS[Number(month) - 1], day!, year!),
  ],
  [
    new RegExp(`(${MONTHS.join("|")})\\s(\\d{1,2})(?:st|nd|rd|th)?(?:,?\\s(\\d{4}))?(?!\\d)`, "g"),
    ([whole, month, day, year]) => date(whole!, month, day!, year),
  ],
  [
    new RegExp(
      `(?<!\\d)(\\d{1,2})(?:st|nd|rd|th)?\\s(${MONTHS.join("|")})(?:\\s(\\d{4}))?(?!\\d)`,
      "g",
    ),
    ([whole, day, month, year]) => date(whole!, month, day!, year),
  ],
  [/(?<!\d)(\d{1,2}):(\d{2})(?!\d)/g, ([, hours, minutes]) => time(hours!, minutes!)],
  [
    /(?<=\b(?:in|since|of|from|by|until|year) )((?:19|20)\d{2})(?![\d.,]*\d)(?!\s?(?:mm|kN|N|kg|hours|machines))/gi,
    ([, year]) => yearInWords(Number(year)),
  ],
  [
    /\b(ISO|ASTM|EN|DIN|GOST)(?:\s([A-Z]))?\s?(\d+)(?:[-–](\d+))?/g,
    ([, name, letter, number, part]) =>
      [spellOut(name!), letter, cardinal(number!), part && cardinal(part)].filter(Boolean).join(
        " ",
      ),
  ],
  [
    /(?<![\p{L}\d])([A-Z]{1,4})[-–](\d+)([A-Z]{0,2})(?![\p{L}\d])/gu,
    ([, letters, number, suffix]) =>
      [...spellOut(letters!).split(" "), cardinal(number!), suffix && spellOut(suffix)]
        .filter(Boolean).join(" "),
  ],
  [/\$(\d+(?:\.\d+)?)(?:\s?(thousand|million))?/g, ([, amount, scale]) => dollars(amount!, scale)],
  [/(?<!\d)(\d+)(?:st|nd|rd|th)\b/g, ([, number]) => plain(toOrdinal(Number(number)))],
  [/(?:#|\bNo\.)\s?(?=\d)/g, () => "number "],
  [/[~≈]\s?(?=\d)/g, () => "about "],
  [/≤\s?(?=\d)/g, () => "at most "],
  [/≥\s?(?=\d)/g, () => "at least "],
  [/\b24\/7\b/g, () => "twenty four seven"],
  [/(\d)\s?[×x*]\s?(?=\d)/g, ([, digit]) => `${digit} by `],
  [
    new RegExp(
      `(${SIGN})(${NUMBER})(?:\\s?[–—]\\s?|-|\\.\\.\\.|…)(${SIGN})(${NUMBER})(?:\\s?${UNIT})?(?![\\d-])`,
      "gu",
    ),
    ([, sign1, from, sign2, to, unit]) =>
      `${signWord(sign1!)}${cardinal(from!)} to ${signWord(sign2!)}${measured(to!, unit)}`,
  ],
  [
    new RegExp(`(${SIGN})(${NUMBER})\\s?${UNIT}`, "gu"),
    ([, sign, number, unit]) => `${signWord(sign!)}${measured(number!, unit)}`,
  ],
  [
    new RegExp(`(${SIGN})(${NUMBER})(?![\\d])`, "gu"),
    ([, sign, number]) => `${signWord(sign!)}${cardinal(number!)}`,
  ],
  [
    /(?<![\p{L}\d])(?:kN|MPa|kPa|GPa|kW|kHz|Hz|mm|kg)(?![\p{L}\d])/gu,
    ([symbol]) => UNITS[symbol!]![1],
  ],
  [/\d+/g, ([digits]) => ` ${cardinal(digits!)} `],
  [/±/g, () => " plus or minus "],
  [/\s?%/g, () => " percent"],
  [/\s?&\s?/g, () => " and "],
];

/** "5", "0.75" in words; decimals digit by digit, no hyphens. */
function cardinal(digits: string): string {
  const [whole, decimals] = digits.replace(/(\.\d*?)0+$/, "$1").split(".");
  const words = plain(toCardinal(whole!));
  if (!decimals) return words;
  return `${words} point ${[...decimals].map((digit) => DIGITS[Number(digit)]).join(" ")}`;
}

function plain(words: string): string {
  return words.replaceAll("-", " ");
}

function measured(number: string, symbol: string | undefined): string {
  if (!symbol) return cardinal(number);
  return `${cardinal(number)} ${unitWords(symbol, Number(number) === 1)}`;
}

function unitWords(symbol: string, singular: boolean): string {
  const [head, below] = symbol.split("/");
  const unit = powered(head!, singular);
  return below === undefined ? unit : `${unit} per ${powered(below, true)}`;
}

function powered(symbol: string, singular: boolean): string {
  const power = UNITS[symbol] ? "" : /[²2]$/.test(symbol) ? "square " : "cubic ";
  const [one, many] = UNITS[symbol] ?? UNITS[symbol.slice(0, -1)]!;
  return power + (singular ? one : many);
}

function signWord(sign: string): string {
  if (sign === "±") return "plus or minus ";
  if (sign === "+") return "plus ";
  return sign === "" ? "" : "minus ";
}

const DIGITS = "zero one two three four five six seven eight nine".split(" ");

/** Digit by digit, with a pause between written groups. */
function phoneDigits(phone: string): string {
  const plus = phone.startsWith("+") ? "plus " : "";
  const groups = phone.match(/\d+/g)!.map((group) =>
    [...group].map((digit) => DIGITS[Number(digit)]).join(" ")
  );
  return plus + groups.join(", ");
}

function date(whole: string, month: string | undefined, day: string, year?: string): string {
  if (!month || Number(day) < 1 || Number(day) > 31) return whole;
  return `${month} ${plain(toOrdinal(Number(day)))}${year ? `, ${yearInWords(Number(year))}` : ""}`;
}

function yearInWords(year: number): string {
  const century = Math.trunc(year / 100);
  const rest = year % 100;
  if (year >= 2000 && year < 2010) return cardinal(String(year));
  if (rest === 0) return `${cardinal(String(century))} hundred`;
  return `${cardinal(String(century))} ${rest < 10 ? "oh " : ""}${cardinal(String(rest))}`;
}

function time(hours: string, minutes: string): string {
  const hour = cardinal(String(Number(hours)));
  if (minutes === "00") return Number(hours) <= 12 ? `${hour} o'clock` : `${hour} hundred`;
  return `${hour} ${minutes.startsWith("0") ? "oh " : ""}${cardinal(String(Number(minutes)))}`;
}

function dollars(amount: string, scale: string | undefined): string {
  const [whole, cents] = Number(amount).toFixed(2).split(".");
  if (scale) return `${cardinal(amount)} ${scale} dollars`;
  const noun = whole === "1" ? "dollar" : "dollars";
  return `${cardinal(whole!)} ${noun}${cents === "00" ? "" : ` and ${cardinal(cents!)} cents`}`;
}

/** "TM" is spelled out; a voice reads ISO and the like as words. */
function spellOut(letters: string): string {
  return /^(?:ISO|GOST|DIN)$/.test(letters) ? letters : [...letters].join(" ");
}
