// Makes text speakable: puts what is written for the eye (numbers, units, dates, phone numbers, model
// names, addresses) into words before it goes to a voice.
//
//   speakable("Нагрузка 5–600 кН", "ru")  // "Нагрузка от пяти до шестисот килоньютонов"

import type { Language } from "../../config/language.ts";
import { plainPhrase } from "../phrase_cutter.ts";
import { speakEnglish } from "./speakable_en.ts";
import { speakRussian } from "./speakable_ru.ts";

const ADDRESS_WORDS = {
  ru: { at: "собака", dot: "точка", dash: "дефис", underscore: "подчёркивание" },
  en: { at: "at", dot: "dot", dash: "dash", underscore: "underscore" },
} as const;

/** `text` in words that a voice can read; "" when there is nothing to say. */
export function speakable(text: string, language: Language): string {
  const plain = plainPhrase(text)
    .replace(/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, (address) => spokenAddress(address, language))
    .replace(
      /\b(?:www\.)?[\w-]+(?:\.[\w-]+)*\.(?:com|ru|org|net|рф)\b/g,
      (address) => spokenAddress(address, language),
    );
  const spoken = language === "ru" ? speakRussian(plain) : speakEnglish(plain);
  return spoken.replace(/\s+/g, " ").trim();
}

function spokenAddress(address: string, language: Language): string {
  const words = ADDRESS_WORDS[language];
  return address
    .replace(/@/g, ` ${words.at} `)
    .replace(/\./g, ` ${words.dot} `)
    .replace(/-/g, ` ${words.dash} `)
    .replace(/_/g, ` ${words.underscore} `);
}
