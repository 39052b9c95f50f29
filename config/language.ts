// The languages in which the bot speaks with callers.

/** Each has prompts, knowledge bases, a lexicon and rules for speaking numbers. */
export const LANGUAGES = ["ru", "en"] as const;

/** A language of the bot. */
export type Language = (typeof LANGUAGES)[number];
