// Under which key the phrase cache keeps a phrase.

/** Longer texts are hardly ever spoken twice, and are not kept. */
export const LONGEST_CACHED_CHARACTERS = 300;

/**
 * @param service the speech service's name.
 * @param voice what tells its voice from others: `TtsService.cacheKey`.
 * @param text as it goes to the service: clean, figures in words.
 */
export function phraseKey(service: string, voice: string, language: string, text: string): string {
  return [service, voice, language, text].join("\n");
}
