// Every setting of the service: one schema, read once, in one place. Names are the environment's
// own, so that what the operator writes in `.env` is what the code says.

import { editDistance } from "./edit_distance.ts";
import { redact } from "./logging.ts";
import { OperatorError } from "./operator_error.ts";
import {
  choice,
  choices,
  flag,
  integer,
  number,
  pairs,
  secret,
  type Setting,
  text,
  url,
} from "./schema.ts";

/** All settings by their environment name. The README's table is made from this. */
export const SCHEMA = {
  // Asterisk
  ARI_HTTP_URL: url("http://127.0.0.1:8088", "Asterisk's HTTP server, where ARI answers"),
  ARI_USER: text("", "ARI user of ari.conf"),
  ARI_PASSWORD: secret("ARI user's password"),
  ARI_APP_NAME: text("voxbot", "Stasis application the dialplan sends calls to"),
  ARI_FALLBACK_CONTEXT: text(
    "",
    "dialplan context a call continues in when the bot cannot go on, e.g. an operator queue; empty hangs up",
  ),
  ASTERISK_LANG: choice(
    "ru",
    ["ru", "en"],
    "language of voice, prompts, knowledge base and stemming",
  ),
  ASTERISK_SOUNDS_DIR: text(
    "",
    "where the PBX looks for sounds (files transport); empty asks the PBX",
    {
      unit: "path",
    },
  ),

  ASTERISK_RECORDING_DIR: text(
    "",
    "where the PBX keeps ARI recordings (files transport); empty asks the PBX",
    { unit: "path" },
  ),

  // Media
  MEDIA_TRANSPORT: choice(
    "auto",
    ["auto", "websocket", "audiosocket", "rtp", "files"],
    "how audio travels; auto takes the first that the PBX has",
  ),
  MEDIA_HOST: text(
    "127.0.0.1",
    "address of this machine at which the PBX reaches us (audiosocket, rtp)",
  ),
  RTP_PORT_MIN: integer(30000, [1024, 65535], "first UDP port for calls (rtp transport)"),
  RTP_PORT_MAX: integer(30999, [1024, 65535], "last UDP port for calls, one a call"),
  MEDIA_CONNECT_TIMEOUT_MS: integer(
    5000,
    [100, 60000],
    "deadline for a media channel to be connected",
    {
      unit: "ms",
    },
  ),
  PLAYOUT_LOOKAHEAD_MS: integer(2000, [100, 15000], "most audio handed to the PBX ahead of time", {
    unit: "ms",
  }),
  RECORD_CALLS: flag(true, "keep a stereo WAV of each call in DATA_DIR/recordings"),

  // Turn-taking
  VAD_THRESHOLD: number(
    0.5,
    [0.05, 0.95],
    "speech probability from which a frame counts as speech",
  ),
  PREROLL_MS: integer(
    300,
    [0, 2000],
    "audio kept from before speech onset, so the first word is whole",
    {
      unit: "ms",
    },
  ),
  ENDPOINT_SILENCE_MS: integer(400, [100, 5000], "silence that ends a finished-looking turn", {
    unit: "ms",
  }),
  ENDPOINT_MAX_SILENCE_MS: integer(
    2000,
    [200, 10000],
    "silence that ends an unfinished-looking turn",
    {
      unit: "ms",
    },
  ),
  BARGE_IN: flag(true, "the caller can interrupt the bot"),
  BARGE_IN_GUARD_MS: integer(
    300,
    [0, 3000],
    "start of a bot phrase in which our own echo is not a barge-in",
    {
      unit: "ms",
    },
  ),
  BARGE_IN_CONFIRM_MS: integer(
    1000,
    [100, 5000],
    "speech this long is a barge-in whatever its words",
    {
      unit: "ms",
    },
  ),
  SILENCE_NUDGE_SECONDS: number(8, [1, 120], "silence after which the caller is asked once", {
    unit: "s",
  }),

  // Deadlines and supervision
  CALL_INACTIVITY_TIMEOUT: number(
    180,
    [1, 86400],
    "a call with nobody speaking this long is ended",
    {
      unit: "s",
    },
  ),
  CHANNEL_MONITOR_INTERVAL: number(
    60,
    [1, 3600],
    "how often live calls are compared with the PBX's channels",
    {
      unit: "s",
    },
  ),
  AI_PROCESSING_TIMEOUT: number(20, [1, 300], "longest the caller waits for an answer", {
    unit: "s",
  }),
  PLAYBACK_RETRY_COUNT: integer(3, [0, 20], "how often a failed playback is tried again"),
  MAX_UTTERANCE_SECONDS: number(60, [1, 600], "longest single caller utterance", { unit: "s" }),
  MAX_CALL_SECONDS: number(3600, [10, 86400], "longest call", { unit: "s" }),
  DRAIN_TIMEOUT_SECONDS: number(
    30,
    [0, 3600],
    "on SIGTERM running calls have this long to finish",
    { unit: "s" },
  ),
  CALL_POOL_SIZE: integer(2, [0, 64], "warm call isolates kept ready"),
  CALL_HEAP_MB: integer(128, [32, 4096], "heap limit of a call isolate", { unit: "MB" }),
  CALL_RESTART_INTENSITY: integer(
    5,
    [0, 1000],
    "restarts of one call allowed within CALL_RESTART_PERIOD_SECONDS",
  ),
  CALL_RESTART_PERIOD_SECONDS: number(60, [1, 3600], "period of the restart intensity", {
    unit: "s",
  }),
  MAX_CALLS: integer(100, [1, 10000], "calls served at once; more go to ARI_FALLBACK_CONTEXT"),
  FAULT_INJECTION: flag(false, "allow POST /api/calls/{id}/fault; for tests only"),

  // The assistant
  AGENT_PROVIDER: choice(
    "auto",
    ["auto", "extractive", "openai"],
    "who answers; auto is openai when OPENAI_API_KEY is set, else extractive",
  ),
  PROMPTS_FILE_PATH: text(
    "",
    "prompts file; empty is config/prompts.json (ru) or config/prompts.en.json (en)",
    {
      unit: "path",
    },
  ),
  KNOWLEDGE_BASE_PATH: text(
    "",
    "general knowledge base; empty is config/kb/general.md, or general.en.md for en",
    {
      unit: "path",
    },
  ),
  KNOWLEDGE_BASE2_PATH: text(
    "",
    "technical knowledge base; empty is config/kb/tech.md, or tech.en.md for en",
    {
      unit: "path",
    },
  ),
  KB_TOP_K: integer(3, [1, 20], "passages retrieved for a question"),
  OPENAI_API_KEY: secret("key of OpenAI or of the compatible server at OPENAI_BASE_URL"),
  OPENAI_BASE_URL: url("", "an OpenAI-compatible server, e.g. http://127.0.0.1:8080/v1"),
  LLM_MODEL_PRIMARY: text("gpt-4o-mini", "model that answers"),
  LLM_MODEL_FALLBACK: text("gpt-4.1-mini", "model that answers when the first cannot"),
  LLM_TEMPERATURE: number(0.2, [0, 2], "how freely the model answers"),
  LLM_MAX_TOKENS: integer(400, [16, 8192], "longest answer of the model", { unit: "tokens" }),
  LLM_FIRST_TOKEN_TIMEOUT_MS: integer(
    4000,
    [100, 60000],
    "how long a model may take to begin its answer before the next one is asked",
    { unit: "ms" },
  ),
  LLM_STALL_TIMEOUT_MS: integer(
    3000,
    [100, 60000],
    "how long a begun answer may stand still before the next model goes on with it",
    { unit: "ms" },
  ),
  LLM_HISTORY_TOKENS: integer(1500, [0, 100000], "most of the conversation the model is shown", {
    unit: "tokens",
  }),
  EARLY_START: flag(true, "begin answering while the caller may still go on; costs some requests"),
  AGENT_TOOLS: choices(
    "transfer_to,hang_up,take_contact",
    ["transfer_to", "hang_up", "take_contact", "send_dtmf", "none"],
    "what the model may do besides speaking",
  ),
  TRANSFER_TARGETS: pairs(
    "",
    "where calls may be transferred, as key:extension, e.g. sales:201,service:202",
  ),
  TRANSFER_CONTEXT: text(
    "voxbot-operators",
    "dialplan context that the extensions of TRANSFER_TARGETS are in",
  ),
  CHROMA_URL: url("", "Chroma server that holds the knowledge bases; empty searches by words"),
  CHROMA_COLLECTION: text("voxbot-kb", "name under which Chroma keeps the knowledge bases"),
  CHROMA_TIMEOUT_MS: integer(
    1500,
    [50, 60000],
    "longest search in Chroma, embedding included, before words are searched instead",
    { unit: "ms" },
  ),
  EMBEDDING_PROVIDER: choice("openai", ["openai", "yandex"], "who makes embeddings for Chroma"),
  EMBEDDING_MODEL: text(
    "",
    "embedding model; empty is text-embedding-3-small (openai) or text-search (yandex)",
  ),
  YANDEX_API_KEY: secret("API key of a Yandex Cloud service account"),
  YANDEX_FOLDER_ID: text("", "Yandex Cloud folder; speech needs it with OAUTH_TOKEN only"),
  YANDEX_EMBEDDING_URL: url(
    "https://llm.api.cloud.yandex.net/foundationModels/v1/textEmbedding",
    "Yandex's embedding service",
  ),

  // Speech
  ASR_PROVIDER: choices(
    "local",
    ["yandex", "openai", "local"],
    "speech recognition, in order of preference; the next is taken when one fails",
  ),
  TTS_PROVIDER: choices(
    "local",
    ["yandex", "openai", "local"],
    "speech synthesis, in order of preference; the next is taken when one fails",
  ),
  LOCAL_TTS_VOICE: text("", "espeak-ng voice; empty is ru or en-us by ASTERISK_LANG"),
  LOCAL_TTS_SPEED: number(1, [0.5, 2], "speaking rate of the local voice"),
  SPEECH_FIRST_BYTE_TIMEOUT_MS: integer(
    2500,
    [100, 30000],
    "a speech service silent this long after a request is passed over",
    { unit: "ms" },
  ),
  SPEECH_STALL_TIMEOUT_MS: integer(
    5000,
    [100, 60000],
    "a speech service that stops in the middle for this long is passed over",
    { unit: "ms" },
  ),
  TTS_CACHE_MB: integer(
    256,
    [0, 100000],
    "spoken phrases kept in DATA_DIR/tts-cache; 0 keeps none",
    {
      unit: "MB",
    },
  ),
  TTS_PARALLEL: integer(3, [1, 16], "phrases of one answer synthesised at once"),
  FILLER_AFTER_MS: integer(
    900,
    [0, 10000],
    "a filler word is spoken when the answer is not ready by then; 0 never",
    { unit: "ms" },
  ),
  YANDEX_SERVICE_ACCOUNT_KEY_FILE: text(
    "",
    "authorized key of a Yandex Cloud service account (JSON), used when there is no API key",
    { unit: "path" },
  ),
  OAUTH_TOKEN: secret("Yandex OAuth token of a user, used when there is neither of those"),
  YANDEX_STT_MODEL: text("general", "Yandex recognition model"),
  YANDEX_STT_LANGUAGE: text("", "language code such as ru-RU; empty goes by ASTERISK_LANG"),
  YANDEX_STT_NORMALIZATION: flag(true, "Yandex writes numbers, dates and phone numbers as digits"),
  YANDEX_STT_EOU: choice(
    "external",
    ["external", "default", "high"],
    "who decides that an utterance is over: our turn-taking, or Yandex with default or high sensitivity",
  ),
  YANDEX_STT_MAX_PAUSE_MS: integer(
    0,
    [0, 5000],
    "hint to Yandex's own end-of-utterance detector: longest pause between words; 0 gives none",
    { unit: "ms" },
  ),
  YANDEX_TTS_VOICE: text("jane", "Yandex voice"),
  YANDEX_TTS_ROLE: text("", "role of the Yandex voice, e.g. good; empty is the voice's default"),
  YANDEX_TTS_SPEED: number(1.2, [0.1, 3], "speaking rate of the Yandex voice"),
  YANDEX_TTS_MODE: choice(
    "utterance",
    ["utterance", "stream"],
    "a Yandex request for each phrase, or one stream fed phrase by phrase for each answer",
  ),
  YANDEX_STT_ENDPOINT: text(
    "stt.api.cloud.yandex.net:443",
    "Yandex recognition (gRPC): host:port, or http://host:port for one without TLS",
  ),
  YANDEX_TTS_ENDPOINT: text("tts.api.cloud.yandex.net:443", "Yandex synthesis (gRPC), likewise"),
  YANDEX_TTS_V1_ENDPOINT: url(
    "https://tts.api.cloud.yandex.net",
    "Yandex synthesis (REST v1), the fallback of the gRPC one",
  ),
  YANDEX_IAM_ENDPOINT: url("https://iam.api.cloud.yandex.net", "where Yandex IAM tokens come from"),
  YANDEX_CA_FILE: text(
    "",
    "CA certificate (PEM) to trust for the gRPC endpoints instead of the usual ones",
    {
      unit: "path",
    },
  ),
  OPENAI_STT_MODEL: text("gpt-4o-mini-transcribe", "OpenAI transcription model"),
  OPENAI_TTS_MODEL: text("gpt-4o-mini-tts", "OpenAI speech model"),
  OPENAI_TTS_VOICE: text("nova", "OpenAI voice"),
  OPENAI_TTS_SPEED: number(1, [0.25, 4], "speaking rate of the OpenAI voice"),
  CHUNK_STREAMING_SECONDS: number(
    5,
    [1, 60],
    "piece of speech sent to OpenAI transcription while the caller goes on",
    { unit: "s" },
  ),
  CHUNK_OVERLAP_MS: integer(
    150,
    [0, 2000],
    "overlap of two pieces where no pause was found to cut them at",
    { unit: "ms" },
  ),

  // The service itself
  DATA_DIR: text("data", "recordings, journal and caches", { unit: "path" }),
  CONSOLE_HOST: text("127.0.0.1", "address the HTTP console listens on"),
  CONSOLE_PORT: integer(9000, [0, 65535], "port of the HTTP console; 0 takes a free one"),
  LOG_LEVEL: choice("info", ["debug", "info", "warning", "error"], "least severe log line shown"),
} as const satisfies Record<string, Setting<unknown>>;

/** A setting's environment name. */
export type SettingName = keyof typeof SCHEMA;

/** All settings, by environment name, parsed. A plain object: it can be sent to another isolate. */
export type Settings = {
  readonly [N in SettingName]: (typeof SCHEMA)[N] extends Setting<infer T> ? T : never;
};

/** One or more settings are wrong; the message lists every problem with its cure. */
export class SettingsError extends OperatorError {
  override readonly name = "SettingsError";

  constructor(readonly problems: readonly string[]) {
    super(
      `${problems.length} wrong setting(s):\n${problems.map((line) => `  - ${line}`).join("\n")}`,
    );
  }
}

/** Families of names that are ours alone: an unknown name in them is a mistake, not a stranger's. */
const OUR_FAMILIES = ["ARI_", "ENDPOINT_", "BARGE_IN_", "KNOWLEDGE_BASE", "CALL_", "CONSOLE_"];

/**
 * Reads every setting from `env` (for example `Deno.env.toObject()`).
 *
 * @throws {SettingsError} naming all wrong and unknown settings at once; a secret's value is never shown.
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): Settings {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(SCHEMA) as [SettingName, Setting<unknown>][]) {
    const given = env[name]?.trim() ? env[name] : undefined;
    const result = setting.parse.safeParse(given ?? setting.default);
    if (result.success) values[name] = result.data;
    else {
      const shown = setting.secret ? "(hidden)" : JSON.stringify(redact(given ?? ""));
      problems.push(`${name}=${shown} must be ${result.error.issues[0]?.message ?? "valid"}`);
    }
  }
  problems.push(...contradictions(values as Partial<Settings>));
  for (const name of Object.keys(env)) {
    const problem = Object.hasOwn(SCHEMA, name) ? undefined : unknownName(name);
    if (problem) problems.push(problem);
  }
  if (problems.length > 0) throw new SettingsError(problems);
  return values as Settings;
}

/** Settings that are right one by one and wrong together; those that could not be read are left out. */
function contradictions(settings: Partial<Settings>): string[] {
  const problems = missingKeys(settings);
  const { ENDPOINT_SILENCE_MS: shortest, ENDPOINT_MAX_SILENCE_MS: longest } = settings;
  if (shortest !== undefined && longest !== undefined && longest < shortest) {
    problems.push(
      `ENDPOINT_MAX_SILENCE_MS=${longest} must be at least ENDPOINT_SILENCE_MS=${shortest}`,
    );
  }
  const { AGENT_PROVIDER, OPENAI_API_KEY, OPENAI_BASE_URL } = settings;
  if (AGENT_PROVIDER === "openai" && OPENAI_API_KEY === "" && OPENAI_BASE_URL === "") {
    problems.push("AGENT_PROVIDER=openai needs OPENAI_API_KEY, or OPENAI_BASE_URL of a server");
  }
  return problems;
}

/** Speech services that are to be used and cannot be, for want of a key. */
function missingKeys(settings: Partial<Settings>): string[] {
  const used = [...settings.ASR_PROVIDER ?? [], ...settings.TTS_PROVIDER ?? []];
  const problems: string[] = [];
  const { YANDEX_API_KEY, YANDEX_SERVICE_ACCOUNT_KEY_FILE, OAUTH_TOKEN, YANDEX_FOLDER_ID } =
    settings;
  if (used.includes("yandex") && !YANDEX_API_KEY && !YANDEX_SERVICE_ACCOUNT_KEY_FILE) {
    if (!OAUTH_TOKEN) {
      problems.push(
        "yandex in ASR_PROVIDER or TTS_PROVIDER needs YANDEX_API_KEY, " +
          "YANDEX_SERVICE_ACCOUNT_KEY_FILE, or OAUTH_TOKEN with YANDEX_FOLDER_ID",
      );
    } else if (!YANDEX_FOLDER_ID) {
      problems.push("OAUTH_TOKEN needs YANDEX_FOLDER_ID, the folder the requests are billed to");
    }
  }
  if (used.includes("openai") && !settings.OPENAI_API_KEY && !settings.OPENAI_BASE_URL) {
    problems.push(
      "openai in ASR_PROVIDER or TTS_PROVIDER needs OPENAI_API_KEY, or OPENAI_BASE_URL of a server",
    );
  }
  return problems;
}

/** The default settings, with some replaced: what tests and the demo start from. */
export function settingsWith(changes: Partial<Settings>): Settings {
  return { ...readSettings({}), ...changes };
}

/** The complaint about a name we do not know, when it is one of ours or nearly so. */
function unknownName(name: string): string | undefined {
  const [nearest, distance] = nearestName(name);
  const inFamily = OUR_FAMILIES.some((family) => name.startsWith(family));
  const misspelt = distance <= (inFamily ? 4 : Math.min(2, Math.floor(nearest.length / 5)));
  if (misspelt) return `${name} is not a setting; did you mean ${nearest}?`;
  return inFamily ? `${name} is not a setting; remove it` : undefined;
}

function nearestName(name: string): [nearest: SettingName, distance: number] {
  return (Object.keys(SCHEMA) as SettingName[])
    .map((known): [SettingName, number] => [known, editDistance(name, known)])
    .reduce((best, candidate) => candidate[1] < best[1] ? candidate : best);
}
