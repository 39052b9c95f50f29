// Finds where a sentence ends in Russian and English text. A full stop inside a decimal, an
// abbreviation, a unit or an initial ends nothing.

/** A sentence always continues after these: "т. е.", "рис. 3", "Mr. Smith". */
const NEVER_LAST = new Set(
  `г е к н напр см рис табл ст ул пр просп пл им тов гр проф акад инж стр гл кв корп обл пос дер св ср
   доб тел вн мр mr mrs ms dr prof st no vs eg ie approx ca fig sec vol ext tel dept al`.split(
    /\s+/,
  ),
);

/** A sentence continues after these unless a capital follows: "5 мм. Далее", "5 мм. в ряд". */
const MAY_BE_LAST = new Set(
  `д п т г гг в вв др пр руб коп тыс млн млрд трлн шт экз мм см м км мкм дм кг г т мг л мл ч мин сек с
   мс кн н мн па мпа кпа гпа вт квт мвт в кв а ма гц кгц об дж кдж град ос
   etc inc ltd co corp jr sr mm cm m km kg g t mg l ml h hr hrs min sec s ms kn n mn pa mpa kpa gpa w
   kw mw v kv a ma hz khz rpm j in ft lb lbs oz mph`.split(/\s+/),
);

const CLOSERS = /[)\]}»"'”’]/;

/**
 * Whether the `.`, `!`, `?` or `…` at `index` ends a sentence. Undefined while `complete` is false (the
 * text is still growing) and the decision needs more of it.
 */
export function sentenceEndsAt(
  text: string,
  index: number,
  complete: boolean,
): boolean | undefined {
  let next = index + 1;
  while (next < text.length && (CLOSERS.test(text[next]!) || /[.!?…]/.test(text[next]!))) next++;
  if (next >= text.length) return complete ? true : undefined;
  if (!/\s/.test(text[next]!)) return false;
  if (text[index] !== ".") return true;
  return fullStopEnds(text, index, next, complete);
}

function fullStopEnds(
  text: string,
  index: number,
  spaceAt: number,
  complete: boolean,
): boolean | undefined {
  const before = text.slice(Math.max(0, index - 24), index);
  const word = /[\p{L}\d]+$/u.exec(before)?.[0] ?? "";
  if (word === "") return true;
  const follows = /\S/.exec(text.slice(spaceAt))?.[0];
  if (isListNumber(text, index, word)) return false;
  if (isInitial(word, text.slice(spaceAt))) return false;
  const folded = word.toLowerCase();
  if (NEVER_LAST.has(folded) && !isAfterNumber(before, word)) {
    return followsNothing(follows, complete);
  }
  if (!MAY_BE_LAST.has(folded)) return true;
  if (follows === undefined) return complete ? true : undefined;
  return /[\p{Lu}«"“(]/u.test(follows);
}

/** Even an abbreviation that never ends a sentence does so when nothing follows. */
function followsNothing(follows: string | undefined, complete: boolean): boolean {
  return follows === undefined && complete;
}

/** "3 кв. Далее": after a number the word is a unit, not the abbreviation spelled the same. */
function isAfterNumber(before: string, word: string): boolean {
  return /\d\s*$/.test(before.slice(0, before.length - word.length));
}

/** "1." at the start of a line is a list number. */
function isListNumber(text: string, index: number, word: string): boolean {
  if (!/^\d{1,2}$/.test(word)) return false;
  const lineStart = text.lastIndexOf("\n", index) + 1;
  return text.slice(lineStart, index).trim() === word;
}

/** "А. С. Пушкин", "J. Smith": a single capital, followed by a capital. */
function isInitial(word: string, after: string): boolean {
  return /^\p{Lu}$/u.test(word) && /^\s*\p{Lu}/u.test(after);
}
