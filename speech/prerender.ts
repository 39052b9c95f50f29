// Set phrases spoken before anybody calls, so that they play at once, whatever the services do.

import { logger } from "../config/logging.ts";
import type { TtsOptions, TtsProvider } from "./tts.ts";

/**
 * Has each phrase spoken once, one after another, which leaves it in the phrase cache. A phrase
 * that fails is logged and left for its first use.
 *
 * @returns how many phrases are ready.
 */
export async function prerender(
  tts: TtsProvider,
  phrases: Iterable<string>,
  options: Pick<TtsOptions, "language" | "signal">,
): Promise<number> {
  let ready = 0;
  for (const phrase of new Set(phrases)) {
    if (options.signal.aborted) break;
    try {
      for await (const _ of tts.synthesize(phrase, options));
      ready++;
    } catch (error) {
      logger("speech").warning("a set phrase could not be rendered ahead", { phrase, error });
    }
  }
  return ready;
}
