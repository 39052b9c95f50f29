// Payment cards in what a caller says: masked before the words are kept or sent to anybody.

/** ISO/IEC 7812 has up to 19 digits; the longest are tried first, 16 before all, the usual length. */
const CARD_LENGTHS = [16, 19, 18, 17, 15, 14, 13];
/** First digits of payment cards. Others, such as 7 and 8 of Russian phone numbers, are none. */
const CARD_BEGINS = /^[2-6]/;
/** Digits, written together, in groups, or dictated one by one. */
const DIGITS = /\d(?:[\s.,;:–—-]{0,3}\d){12,60}/g;
/** A card's check code or PIN, behind its name. */
const CODE =
  /\b(cvv2?|cvc2?|security code|pin(?:[ -]?code)?)(\D{1,12})((?:\d[\s-]?){2,5}\d)|(?<![\p{L}])(код безопасности|защитный код|си[ -]?ви[ -]?ви|пин(?:[ -]?код)?)([^\d]{1,12})((?:\d[\s-]?){2,5}\d)/giu;

const MASK = "****";

/** The text with card numbers (those that pass Luhn's check), their check codes and PINs masked. */
export function maskCards(text: string): string {
  return text.replace(DIGITS, maskCard).replace(
    CODE,
    (_, name, between, _code, russian, then) => `${name ?? russian}${between ?? then}${MASK}`,
  );
}

/**
 * A run of digits may hold more than the card: its date, or a number said before it. A card begins and
 * ends with a group of the digits as they are written, so that an account of 20 digits is none.
 */
function maskCard(run: string): string {
  const at = [...run.matchAll(/\d/g)].map(({ index }) => index);
  const digits = at.map((index) => run[index]).join("");
  for (let from = 0; from + CARD_LENGTHS.at(-1)! <= digits.length; from++) {
    if (at[from]! === at[from - 1]! + 1) continue;
    const length = CARD_LENGTHS.find((length) =>
      at[from + length] !== at[from + length - 1]! + 1 &&
      isCard(digits.slice(from, from + length), length)
    );
    if (length === undefined) continue;
    const end = at[from + length - 1]! + 1;
    return run.slice(0, at[from]) + MASK + maskRest(run.slice(end));
  }
  return run;
}

function maskRest(rest: string): string {
  return rest.replace(DIGITS, maskCard);
}

function isCard(digits: string, length: number): boolean {
  return digits.length === length && CARD_BEGINS.test(digits) && passesLuhn(digits);
}

/** ISO/IEC 7812-1, annex B: every second digit from the right counts double. */
function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = i % 2 === 1 ? 2 * digit : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
