// Takes phrases out of the phrase cache: they may repeat what a caller has said of themselves.

import type { Settings } from "../../config/settings.ts";
import { speakable } from "../../language/spoken/speakable.ts";
import { stripUnspeakable } from "../../language/spoken/text.ts";
import { PhraseCache, phraseFolder } from "../failover/phrase_cache.ts";
import { LONGEST_CACHED_CHARACTERS, phraseKey } from "../failover/phrase_key.ts";
import { cachedVoices } from "./voices.ts";

/**
 * Deletes the phrases with these texts, as the transcript has them, in every voice of the settings.
 * What an earlier voice has spoken is not found: its settings are not known.
 *
 * @returns how many were there.
 * @throws {Deno.errors} when the folder does not allow it.
 */
export async function forgetPhrases(
  settings: Settings,
  texts: Iterable<string>,
): Promise<number> {
  const language = settings.ASTERISK_LANG;
  const cache = new PhraseCache(phraseFolder(settings), 0);
  let deleted = 0;
  for (const text of texts) {
    for (const piece of pieces(stripUnspeakable(speakable(text, language)))) {
      for (const { service, cacheKey } of cachedVoices(settings)) {
        if (await cache.delete(phraseKey(service, cacheKey, language, piece))) deleted++;
      }
    }
  }
  return deleted;
}

/** The text, and its ends from each word on: a voice that continues where another broke off says these. */
function pieces(text: string): string[] {
  const starts = [0, ...text.matchAll(/ /g).map(({ index }) => index + 1)];
  return starts.map((start) => text.slice(start))
    .filter((piece) => piece.length <= LONGEST_CACHED_CHARACTERS);
}
