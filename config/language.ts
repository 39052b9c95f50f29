// The languages that callers are spoken to in.

/** Each has prompts, knowledge bases, a lexicon and rules for saying numbers. */
export const LANGUAGES = ["ru", "en"] as const;

/** One of them. */
export type Language = (typeof LANGUAGES)[number];
