// Words by which a caller asks for the floor: "стоп", "подождите", "wait, I have another question".

import type { Language } from "../../config/language.ts";

/** How a language asks for the floor. Parts of regular expressions. */
interface StopWords {
  /** What may be said before: "no, wait". */
  readonly before: string;
  /** Always a request. */
  readonly sure: string;
  /** A request only before a pause or words of `after`: "stop" also begins "stop button". */
  readonly unsure: string;
  /** What belongs to a request that was made: "wait, please", "wait, I have another question". */
  readonly after: string;
}

const STOP_WORDS: Record<Language, StopWords> = {
  ru: {
    before: "ой|так|нет|да|ну|а|слушайте|извините|простите",
    sure: "(?:подожди|погоди|постой)(?:те)?(?:-ка)?|секундочку|минуточку|минутку" +
      "|одну (?:секунд|минут)(?:у|очку|ку)|остановитесь|остановись|хватит" +
      "|(?:перестань|замолчи|помолчи)(?:те)?|дай(?:те)? (?:мне )?(?:сказать|спросить)",
    unsure: "стоп|стой(?:те)?|секунду|минуту",
    after: "пожалуйста|а|но|вы|ещ[её] раз" +
      "|у меня (?:есть )?(?:ещ[её] )?(?:один |другой )?вопрос" +
      "|(?:я )?хотела? (?:бы )?(?:ещ[её] )?(?:спросить|уточнить|узнать)" +
      "|можно (?:ещ[её] )?(?:один )?(?:вопрос|спросить)",
  },
  en: {
    before: "no|oh|ok|okay|sorry|excuse me|please|hey|um|uh|but|just|yes|yeah",
    sure: "wait (?:a |one )(?:second|sec|minute|moment|bit)|hold on(?: a (?:second|minute))?" +
      "|hang on(?: a (?:second|minute))?|(?:a|one) (?:second|sec|moment)" +
      "|stop (?:talking|it|there)|be quiet|shut up",
    unsure: "wait|stop|(?:a|one) minute",
    after: "please|but|no" +
      "|(?:i have|i['’]?ve got|i got) (?:a|another|one more|one other)(?: quick)? question" +
      "|(?:can|may|could) i ask (?:you )?(?:something(?: else)?|(?:a|another|one more) question)" +
      "|let me (?:ask|speak|say something)",
  },
};

const GAP = String.raw`[\s,.!?;:…–—-]`;
const WORD_END = String.raw`(?![\p{L}\p{N}])`;
/** More of these before a request is no request any more, but a sentence. */
const MOST_BEFORE = 3;

interface Patterns {
  readonly opening: RegExp;
  readonly more: RegExp;
}

const PATTERNS: Record<Language, Patterns> = {
  ru: patternsOf(STOP_WORDS.ru),
  en: patternsOf(STOP_WORDS.en),
};

/**
 * What follows a request to stop at the beginning of `text`: empty when the caller only wants the bot
 * to be quiet and listen, undefined when the text begins with no such request.
 */
export function afterStopPhrase(text: string, language: Language): string | undefined {
  const { opening, more } = PATTERNS[language];
  const asked = opening.exec(text);
  if (!asked) return undefined;
  let rest = text.slice(asked[0].length);
  for (let next = more.exec(rest); next; next = more.exec(rest)) rest = rest.slice(next[0].length);
  return rest.replace(new RegExp(`^${GAP}+`, "u"), "").trim();
}

function patternsOf({ before, sure, unsure, after }: StopWords): Patterns {
  const pause = String.raw`(?=\s*(?:[,.!?;:…–—]|$)|\s+(?:${after}|${sure}|${unsure})${WORD_END})`;
  return {
    opening: new RegExp(
      `^${GAP}*(?:(?:${before})${WORD_END}${GAP}+){0,${MOST_BEFORE}}` +
        `(?:(?:${sure})${WORD_END}|(?:${unsure})${WORD_END}${pause})`,
      "iu",
    ),
    more: new RegExp(`^${GAP}*(?:${sure}|${unsure}|${after})${WORD_END}`, "iu"),
  };
}
