// Which local models a service needs. No native code here.

import type { Settings } from "../../config/settings.ts";
import { DEFAULT_VOICES } from "./protocol.ts";

/** One recogniser keeps up with about twenty talking callers; a second needs a core to itself. */
const CORES_FOR_TWO_RECOGNIZERS = 4;

/** The settings that decide. */
export type SpeechSettings = Pick<
  Settings,
  "ASR_PROVIDER" | "ASTERISK_LANG" | "LOCAL_TTS_VOICE" | "TTS_PROVIDER"
>;

/** The models to load beside voice detection, which every call needs. */
export interface WantedModels {
  /** Recogniser threads, each with a model of its own (about 100 MB). */
  readonly recognizers: number;
  /** espeak-ng's names of the voices to have ready. */
  readonly voices: readonly string[];
}

/**
 * The models these settings ask for on a machine with this many cores. The local recogniser speaks
 * English only, so for another language none is loaded.
 */
export function wantedModels(settings: SpeechSettings, cores: number): WantedModels {
  const recognizes = settings.ASR_PROVIDER.includes("local") && settings.ASTERISK_LANG === "en";
  const speaks = settings.TTS_PROVIDER.includes("local");
  return {
    recognizers: recognizes ? (cores >= CORES_FOR_TWO_RECOGNIZERS ? 2 : 1) : 0,
    voices: speaks ? [localVoice(settings)] : [],
  };
}

/** espeak-ng's name of the voice that the settings ask for. */
export function localVoice(
  { ASTERISK_LANG, LOCAL_TTS_VOICE }: Pick<Settings, "ASTERISK_LANG" | "LOCAL_TTS_VOICE">,
): string {
  return LOCAL_TTS_VOICE || DEFAULT_VOICES[ASTERISK_LANG];
}
