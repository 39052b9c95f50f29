// What must never be seen: a key, a telephone number and a caller's word, planted in hostile inputs and
// then searched for in everything that is logged or thrown.

/** The planted texts, none of which occurs anywhere by chance. */
export const PLANTED = {
  secret: "sk-Zq7PlantedKey00Vw3xT9",
  number: "79000000173",
  word: "quokkazebra",
} as const;

/** Texts to plant: each of them as people and servers write it. */
export const PLANTS: readonly string[] = [
  PLANTED.secret,
  `Bearer ${PLANTED.secret}`,
  `Incorrect API key provided: ${PLANTED.secret}.`,
  PLANTED.number,
  `+${PLANTED.number}`,
  "+7 900 000-01-73",
  `PJSIP/${PLANTED.number}-0000001f`,
  PLANTED.word,
  `my name is ${PLANTED.word}`,
];

/** The same number in any spelling. */
const NUMBER = /7?[ -]?\(?900\)?[ -]?000[ -]?01[ -]?73/;

/** The planted key where a reader sees that it is one, not as a part of a longer word. */
const WHOLE_KEY = new RegExp(`(?<![A-Za-z-])${PLANTED.secret}`);

/** Whether a text for the operator shows the planted key. */
export function showsKey(text: string): boolean {
  return WHOLE_KEY.test(text);
}

/** Which of the planted texts a text shows: "secret", "number" or "word". */
export function leaks(text: string): string[] {
  return [
    ...text.includes(PLANTED.secret) ? ["secret"] : [],
    ...NUMBER.test(text) ? ["number"] : [],
    ...text.includes(PLANTED.word) ? ["word"] : [],
  ];
}
