// Reads the operator's files that otherwise only isolates read: an unusable one must end the start of
// the service, not every isolate that it starts.

import { loadKnowledge } from "../agent/knowledge/knowledge_base.ts";
import type { Settings } from "../config/settings.ts";
import { readCaFile } from "../speech/yandex/ca_file.ts";

/**
 * Reads the knowledge bases and the CA certificate once, and keeps nothing.
 *
 * @throws {OperatorError} naming the first file that cannot be used, and its setting
 */
export async function checkOperatorFiles(settings: Settings): Promise<void> {
  const { ASR_PROVIDER, TTS_PROVIDER, YANDEX_CA_FILE } = settings;
  await loadKnowledge(settings);
  const usesYandex = [...ASR_PROVIDER, ...TTS_PROVIDER].includes("yandex");
  if (usesYandex && YANDEX_CA_FILE !== "") readCaFile(YANDEX_CA_FILE);
}
