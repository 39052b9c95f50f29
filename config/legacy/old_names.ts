// Names that the file of an earlier installation has, and what they mean here: each acts or is named.

/** An old name. `use` gives the setting that takes its value, and the value as that is written. */
interface OldName {
  readonly use?: (value: string) => readonly [setting: string, value: string] | undefined;
  /** For the operator: what happens with it, or what replaces it. */
  readonly note: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Voices of OpenAI (platform.openai.com/docs/guides/text-to-speech); any other one is Yandex's. */
const OPENAI_VOICES =
  /^(alloy|ash|ballad|coral|echo|fable|nova|onyx|sage|shimmer|verse|marin|cedar)$/i;

/**
 * 2 s of silence before each answer would break "an answer within a second", so it bounds only what
 * sounds unfinished.
 */
const SILENCE: OldName = {
  use: (seconds) =>
    /^\d+(\.\d+)?$/.test(seconds)
      ? ["ENDPOINT_MAX_SILENCE_MS", String(Math.round(Number(seconds) * 1000))]
      : undefined,
  note:
    "is ENDPOINT_MAX_SILENCE_MS here, in ms: the silence that ends what sounds unfinished; what " +
    "sounds finished is answered after ENDPOINT_SILENCE_MS",
};
const SHORTEST: OldName = {
  note: "is not needed: voice detection tells speech from noise (VAD_THRESHOLD)",
};
const LONGEST: OldName = { note: "is not needed: MAX_UTTERANCE_SECONDS bounds an utterance" };
const DEBUG: OldName = { note: "is not needed: RECORD_CALLS keeps what callers heard" };

const OLD_NAMES: Readonly<Record<string, OldName>> = {
  BARGE_IN_ENABLED: {
    use: (value) => ["BARGE_IN", value],
    note: "is BARGE_IN here",
  },
  VAD_SILENCE_TIMEOUT: SILENCE,
  SPEECH_SILENCE_TIMEOUT: SILENCE,
  VAD_MIN_RECORDING_TIME: SHORTEST,
  SPEECH_MIN_DURATION: SHORTEST,
  VAD_MAX_RECORDING_TIME: LONGEST,
  SPEECH_MAX_RECORDING_TIME: LONGEST,
  INPUT_DEBOUNCE_MS: {
    note: "is not needed: ENDPOINT_SILENCE_MS and ENDPOINT_MAX_SILENCE_MS end a turn",
  },
  USE_SOFT_WINDOW_INPUT: { note: "is not needed: silence and words together end a turn, always" },
  TTS_VOICE: {
    use: (voice) => [OPENAI_VOICES.test(voice) ? "OPENAI_TTS_VOICE" : "YANDEX_TTS_VOICE", voice],
    note: "is YANDEX_TTS_VOICE here, or OPENAI_TTS_VOICE if it is a voice of OpenAI",
  },
  TTS_MODEL: { note: "does nothing: OPENAI_TTS_MODEL replaces it" },
  ASR_MODEL: { note: "does nothing: OPENAI_STT_MODEL or YANDEX_STT_MODEL replaces it" },
  ASR_LANGUAGE: { note: "does nothing: ASTERISK_LANG or YANDEX_STT_LANGUAGE replaces it" },
  TTS_AUDIO_DIR: { note: "is not needed: audio is streamed, and phrases are cached in DATA_DIR" },
  TTS_DEBUG_KEEP_CHUNKS: DEBUG,
  TTS_DEBUG_DUMP_DIR: DEBUG,
  YANDEX_OAUTH_TOKEN: {
    use: (token) => ["OAUTH_TOKEN", token],
    note: "is OAUTH_TOKEN here",
  },
  YANDEX_IAM_TOKEN: {
    note: "does nothing: it lives 12 hours; YANDEX_API_KEY or OAUTH_TOKEN replaces it",
  },
  PERSIST_DIRECTORY: {
    note: "does nothing: the knowledge bases are read from their files, or kept by CHROMA_URL",
  },
  KB_FALLBACK_THRESHOLD: { note: "does nothing: KB_TOP_K says how many passages are used" },
  CHANNEL_TIMEOUT: {
    note: "does nothing: CALL_INACTIVITY_TIMEOUT and MAX_CALL_SECONDS bound a call",
  },
  CHANNEL_HOLD_DURING_AI: {
    note: "does nothing: the caller hears a filler after FILLER_AFTER_MS",
  },
};

/** Whether `name` is one of an earlier installation. */
export function isOldName(name: string): boolean {
  return Object.hasOwn(OLD_NAMES, name);
}

/** `env` with what old names mean; a setting that is given by its own name, or earlier, stays. */
export function withOldNames(env: Env): Env {
  const result: Record<string, string | undefined> = { ...env };
  for (const [name, { use }] of Object.entries(OLD_NAMES)) {
    const value = env[name]?.trim();
    const [setting, meant] = (value && use?.(value)) || [];
    if (setting && !result[setting]?.trim()) result[setting] = meant;
  }
  return result;
}

/** A line for each old name in `env`, without its value. */
export function notesOfOldNames(env: Env): string[] {
  return Object.entries(OLD_NAMES)
    .filter(([name]) => env[name]?.trim())
    .map(([name, { note }]) => `${name} ${note}`);
}
