// What no log line and no error may hold: callers' numbers and addresses, keys, and the values of the
// settings that are secret. Every pattern takes time that grows with the text and no faster.

/**
 * Digits with the separators that people write between them, unless they are part of a word, a decimal
 * (such as the Asterisk id 1732084742.17) or a UUID. The one in `PJSIP/70000000001-0000001f` counts.
 */
const PHONE_NUMBER =
  /(?<!\w|\d\.|[\da-f]{4}-)(?![\da-f]{8}-[\da-f]{4}-)\+?\d(?:[ \u00a0()-]{0,3}\d){6,}(?!\w|\.\d)/g;
/** A number right behind a word, such as `tel70000000001`. */
const WORD_AND_NUMBER = /(?<![A-Za-z\d])([A-Za-z]{1,12}[:_-]?)(\+?\d{10,15})(?!\w|\.\d)/g;
/** Groups of digits between dots: 8.000.000.00.01, but not 192.168.100.200, which is an address. */
const DOTTED = /(?<![\w.])\+?\d{1,4}(?:\.\d{2,4}){2,5}(?![\w]|\.\d)/g;
const FEWEST_DIGITS_DOTTED = 10;

/** Its domain stays, to tell which mail server is meant. RFC 5321 has 64 characters before the @. */
const E_MAIL = /[\w.+-]{1,64}@((?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}\b)/g;

/**
 * Keys that show what they are: OpenAI's (sk-…), Yandex Cloud's API keys (AQVN…), OAuth tokens (y0_…)
 * and IAM tokens (t1.…); as their services' documentation shows them.
 */
const SECRET_KEY = /(?<![A-Za-z-])(sk-|AQVN|y0_|t1\.)[\w.~+/=-]{12,}/g;
/** `token=…`, `key=…`, `x-api-key=…`, and the same as a field of JSON. */
const NAMED_SECRET =
  /(\b[\w-]{0,40}(?:token|secret|passw(?:or)?d|\bkey|api[_-]?key)(?:"\s{0,3}:\s{0,3}"|=))[^\s"&,;]+/gi;

/** What follows in a longer text helps nobody, and masking it would keep the service's thread. */
const LONGEST_TEXT = 10_000;

/** A shorter value is hardly a secret, and stands in too many words. */
const SHORTEST_SECRET = 6;
let secretValues: RegExp | undefined;

/** From now on these values are masked in this isolate, as they are and as they stand in an address. */
export function hideValues(values: readonly string[]): void {
  const written = values
    .map((value) => value.trim())
    .filter(({ length }) => length >= SHORTEST_SECRET)
    .flatMap((value) => [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)]);
  // The longest first: one secret may begin like another.
  const all = [...new Set(written)].sort((a, b) => b.length - a.length);
  secretValues = all.length > 0 ? new RegExp(all.map(RegExp.escape).join("|"), "g") : undefined;
}

/**
 * Masks what must not be kept: phone numbers of 7 digits or more, e-mail addresses, credentials in
 * addresses and headers, keys, and the values given to `hideValues`. Of a longer text the first 10,000
 * characters are kept.
 */
export function redact(text: string): string {
  // A secret that the cut would halve is masked before it.
  const begin = text.slice(0, 2 * LONGEST_TEXT);
  const masked = secretValues ? begin.replace(secretValues, "***") : begin;
  const open = masked.length > LONGEST_TEXT ? `${masked.slice(0, LONGEST_TEXT)}…` : masked;
  return open
    .replace(/(\b[a-z][a-z+.-]{0,30}:\/\/)[^\s/@"]{1,300}@/gi, "$1***@")
    .replace(/\b(Basic|Bearer|Api-Key) +[\w.~+/=-]{16,}/gi, "$1 ***")
    .replace(NAMED_SECRET, "$1***")
    .replace(SECRET_KEY, "$1***")
    .replace(E_MAIL, "***@$1")
    .replace(PHONE_NUMBER, maskDigits)
    .replace(WORD_AND_NUMBER, (_, word, number) => word + maskDigits(number))
    .replace(DOTTED, (written) => isAddressOrShort(written) ? written : maskDigits(written));
}

/** What PBXs write in place of a number that is withheld or not known. */
const NO_NUMBER = /^(anonymous|unknown|unavailable|restricted|private|withheld|asterisk|s)?$/i;

/**
 * A caller's number as `/api/calls` and the log show it: all but its last two digits hidden, a name
 * (SIP has users like `anna.k@corp.example`) but for its first letter. Extensions, fewer than 7
 * digits, are shown whole.
 */
export function maskNumber(number: string): string {
  if (number.replace(/\D/g, "").length >= 7) return maskDigits(number);
  if (/^[+*#\d]*$/.test(number) || NO_NUMBER.test(number)) return number;
  return `${[...number][0]}***`;
}

function maskDigits(number: string): string {
  const digits = number.replace(/\D/g, "");
  return `${"*".repeat(digits.length - 2)}${digits.slice(-2)}`;
}

function isAddressOrShort(written: string): boolean {
  const groups = written.split(".");
  const isIpv4 = groups.length === 4 &&
    groups.every((group) => /^(0|[1-9]\d{0,2})$/.test(group) && Number(group) <= 255);
  return isIpv4 || written.replace(/\D/g, "").length < FEWEST_DIGITS_DOTTED;
}
