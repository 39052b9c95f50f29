import assert from "node:assert/strict";
import fc from "fast-check";
import type { Language } from "../../config/language.ts";
import { speakable } from "./speakable.ts";

const RUSSIAN: Record<string, string> = {
  "Масса 900 кг.": "Масса девятьсот килограммов.",
  "масса 1 кг, 2 кг, 21 кг и 112 кг":
    "масса один килограмм, два килограмма, двадцать один килограмм и сто двенадцать килограммов",
  "1 т, 2 т, 5 т": "одна тонна, две тонны, пять тонн",
  "Нагрузка 5–600 кН": "Нагрузка от пяти до шестисот килоньютонов",
  "от 5 до 600 кН": "от пяти до шестисот килоньютонов",
  "скорость 0,001–1000 мм/мин":
    "скорость от нуля целых одной тысячной до тысячи миллиметров в минуту",
  "Погрешность ±0,5 %": "Погрешность плюс-минус ноль целых пять десятых процента",
  "ход 1,5 мм": "ход полтора миллиметра",
  "не более 1,5 мм": "не более полутора миллиметров",
  "1 % и 2 % и 5%": "один процент и два процента и пять процентов",
  "от −70 до +350 °C": "от минус семидесяти до плюс трёхсот пятидесяти градусов Цельсия",
  "при 20 °C": "при двадцати градусах Цельсия",
  "предел 250 МПа": "предел двести пятьдесят мегапаскалей",
  "12 Н/мм²": "двенадцать ньютонов на квадратный миллиметр",
  "площадь 2 м² и 5 м²": "площадь два квадратных метра и пять квадратных метров",
  "момент 2000 Н·м": "момент две тысячи ньютон-метров",
  "1 000 000 циклов": "один миллион циклов",
  "1200 об/мин": "тысяча двести оборотов в минуту",
  "РМ-100 весит 900 кг": "эр эм сто весит девятьсот килограммов",
  "модель ПБ-2000М": "модель пэ бэ две тысячи эм",
  "TM-50": "ти эм пятьдесят",
  "Позвоните +7 (495) 123-45-07":
    "Позвоните плюс семь, четыреста девяносто пять, сто двадцать три, сорок пять, ноль семь",
  "8-800-555-35-35": "восемь, восемьсот, пятьсот пятьдесят пять, тридцать пять, тридцать пять",
  "20.11.2026": "двадцатого ноября две тысячи двадцать шестого года",
  "2026-03-03": "третьего марта две тысячи двадцать шестого года",
  "до 20 ноября": "до двадцатого ноября",
  "в 2026 году": "в две тысячи двадцать шестом году",
  "с 1990 г.": "с тысяча девятьсот девяностого года",
  "с 2000 года": "с двухтысячного года",
  "с 9:00 до 18:30": "с девяти часов до восемнадцати тридцати",
  "в 9:05": "в девять ноль пять",
  "9:00–18:00": "с девяти часов до восемнадцати часов",
  "за 5–10 дней": "за пять-десять дней",
  "2 модели, 1 машина, 2 дня, 1 место": "две модели, одна машина, два дня, одно место",
  "площадка 2×2 м": "площадка два на два метра",
  "ГОСТ 1497-84": "ГОСТ тысяча четыреста девяносто семь восемьдесят четыре",
  "1-й и 3-й, 2-я": "первый и третий, вторая",
  "цена 5 тыс. руб.": "цена пять тысяч рублей",
  "№ 5": "номер пять",
  "Пишите на info@example.com": "Пишите на info собака example точка com",
  "**Важно:** класс 0,5": "Важно: класс ноль целых пять десятых",
  "***": "",
};

const ENGLISH: Record<string, string> = {
  "It weighs 900 kg.": "It weighs nine hundred kilograms.",
  "1 kg and 21 kg": "one kilogram and twenty one kilograms",
  "5–600 kN": "five to six hundred kilonewtons",
  "0.001–1000 mm/min": "zero point zero zero one to one thousand millimeters per minute",
  "an accuracy of ±0.5 %": "an accuracy of plus or minus zero point five percent",
  "from −70 to +350 °C": "from minus seventy to plus three hundred fifty degrees Celsius",
  "12 N/mm²": "twelve newtons per square millimeter",
  "The TM-100 costs $5,000": "The T M one hundred costs five thousand dollars",
  "Call +1 555-010-0199": "Call plus one, five five five, zero one zero, zero one nine nine",
  "2026-11-20": "November twentieth, twenty twenty six",
  "on March 3, 2026": "on March third, twenty twenty six",
  "since 1990": "since nineteen ninety",
  "from 9:00 to 17:30": "from nine o'clock to seventeen thirty",
  "1,200 rpm": "one thousand two hundred revolutions per minute",
  "the 1st and 22nd": "the first and twenty second",
  "a place of 2 x 2 m": "a place of two by two meters",
  "0.75 kW": "zero point seven five kilowatts",
  "230 V": "two hundred thirty volts",
  "write to info@example.com": "write to info at example dot com",
  "We are open 24/7": "We are open twenty four seven",
  "`---`": "",
};

Deno.test("Russian numbers, units, dates and names are spoken with the right endings", () => {
  for (const [written, spoken] of Object.entries(RUSSIAN)) {
    assert.equal(speakable(written, "ru"), spoken);
  }
});

Deno.test("English numbers, units, dates and names are spoken as people say them", () => {
  for (const [written, spoken] of Object.entries(ENGLISH)) {
    assert.equal(speakable(written, "en"), spoken);
  }
});

Deno.test("text that is already words stays as it is", () => {
  const ru = "Мы доставляем машины в любой город страны, доставка занимает неделю.";
  const en = "We deliver to any city in the country, and delivery takes a week.";
  assert.equal(speakable(ru, "ru"), ru);
  assert.equal(speakable(en, "en"), en);
});

Deno.test("no digit and no unit sign is left for the voice to guess", () => {
  const piece = fc.constantFrom(
    "РМ-",
    "12",
    "0,5",
    " кН",
    "–",
    " ",
    "%",
    "±",
    "№",
    "°C",
    ".",
    ":",
    "мм/мин",
    "20.11.2026",
    "+7",
    "x",
    "TM-",
    "kN",
    "руб.",
    "/",
    "(",
    "-",
    "слово",
    "в",
    "от",
    "9:00",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.constantFrom("ru", "en"), (parts, lang) => {
      assert.doesNotMatch(speakable(parts.join(""), lang as Language), /[\d%±]/);
    }),
    { numRuns: 500 },
  );
});
