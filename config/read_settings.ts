// Reads the settings from an environment, and reports everything that is wrong with it in one error.

import { commaList } from "./spelling/comma_list.ts";
import { editDistance } from "./spelling/edit_distance.ts";
import { redact } from "./privacy/redact.ts";
import { isLoopback } from "./loopback.ts";
import { OperatorError } from "./operator_error.ts";
import { isOldName, withOldNames } from "./legacy/old_names.ts";
import type { Setting } from "./schema.ts";
import { SCHEMA, type SettingName, type Settings } from "./settings.ts";

/** One or more settings are wrong; the message lists every problem with its fix. */
export class SettingsError extends OperatorError {
  override readonly name = "SettingsError";

  readonly problems: readonly string[];

  /** @param problems as found; a key that was put into the wrong setting is not shown. */
  constructor(problems: readonly string[]) {
    const shown = problems.map(redact);
    super(`${shown.length} wrong setting(s):\n${shown.map((line) => `  - ${line}`).join("\n")}`);
    this.problems = shown;
  }
}

/** A token of fewer characters can be guessed. */
const SHORTEST_TOKEN = 16;

/** Prefixes that only our settings have: an unknown name with one is a mistake, not another program's. */
const OUR_FAMILIES = ["ARI_", "ENDPOINT_", "BARGE_IN_", "KNOWLEDGE_BASE", "CALL_", "CONSOLE_"];

/**
 * Reads every setting from `given` (for example `Deno.env.toObject()`).
 *
 * @throws {SettingsError} naming all wrong and unknown settings, but never the value of a secret.
 */
export function readSettings(given: Readonly<Record<string, string | undefined>>): Settings {
  const env = withImpliedServices(withOldNames(given));
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries(SCHEMA) as [SettingName, Setting<unknown>][]) {
    const given = env[name]?.trim() ? env[name] : undefined;
    const result = setting.parse.safeParse(given ?? setting.default);
    if (result.success) values[name] = result.data;
    else {
      const shown = setting.secret ? "(hidden)" : JSON.stringify(given ?? "");
      problems.push(`${name}=${shown} must be ${result.error.issues[0]?.message ?? "valid"}`);
    }
  }
  problems.push(...contradictions(values as Partial<Settings>));
  for (const name of Object.keys(env)) {
    const problem = Object.hasOwn(SCHEMA, name) || isOldName(name) ? undefined : unknownName(name);
    if (problem) problems.push(problem);
  }
  if (problems.length > 0) throw new SettingsError(problems);
  return values as Settings;
}

/**
 * `env`, in which a key of Yandex implies that Yandex hears and speaks Russian, which the local
 * recogniser does not know; a provider that is named stays.
 */
function withImpliedServices(env: Readonly<Record<string, string | undefined>>) {
  const has = (name: SettingName) => Boolean(env[name]?.trim());
  const language = env["ASTERISK_LANG"]?.trim().toLowerCase() || SCHEMA.ASTERISK_LANG.default;
  const mayAsk = has("YANDEX_API_KEY") || has("YANDEX_SERVICE_ACCOUNT_KEY_FILE") ||
    has("OAUTH_TOKEN") && has("YANDEX_FOLDER_ID");
  if (language !== "ru" || !mayAsk) return env;
  const missing = (["ASR_PROVIDER", "TTS_PROVIDER"] as const).filter((name) => !has(name));
  return { ...env, ...Object.fromEntries(missing.map((name) => [name, "yandex,local"])) };
}

/** Problems of settings that are valid one by one, but not together. Invalid ones are left out. */
function contradictions(settings: Partial<Settings>): string[] {
  const problems = missingKeys(settings);
  const { ENDPOINT_SILENCE_MS: shortest, ENDPOINT_MAX_SILENCE_MS: longest } = settings;
  if (shortest !== undefined && longest !== undefined && longest < shortest) {
    problems.push(
      `ENDPOINT_MAX_SILENCE_MS=${longest} must be at least ENDPOINT_SILENCE_MS=${shortest}`,
    );
  }
  const { RTP_PORT_MIN: first, RTP_PORT_MAX: last } = settings;
  if (first !== undefined && last !== undefined && last < first) {
    problems.push(`RTP_PORT_MAX=${last} must be at least RTP_PORT_MIN=${first}`);
  }
  const { KEEP_JOURNAL_DAYS: calls, KEEP_RECORDINGS_DAYS: recordings } = settings;
  if (calls && recordings !== undefined && (recordings === 0 || recordings > calls)) {
    problems.push(
      `KEEP_RECORDINGS_DAYS=${recordings} must be 1 to KEEP_JOURNAL_DAYS=${calls}: without the ` +
        `journal nobody finds whose recording it is`,
    );
  }
  const { AGENT_PROVIDER, OPENAI_API_KEY, OPENAI_BASE_URL } = settings;
  if (AGENT_PROVIDER === "openai" && OPENAI_API_KEY === "" && OPENAI_BASE_URL === "") {
    problems.push("AGENT_PROVIDER=openai needs OPENAI_API_KEY, or OPENAI_BASE_URL of a server");
  }
  if (settings.OVERLOAD === "fallback" && settings.ARI_FALLBACK_CONTEXT === "") {
    problems.push(
      "OVERLOAD=fallback needs ARI_FALLBACK_CONTEXT, the context that it leads to; " +
        "or set OVERLOAD=queue or busy",
    );
  }
  problems.push(...exposedConsole(settings), ...unpassable(settings));
  return problems;
}

/** A console that other machines reach shows calls to whoever asks, unless it asks for a token. */
function exposedConsole(settings: Partial<Settings>): string[] {
  const { CONSOLE_HOST: host = "127.0.0.1", CONSOLE_TOKEN: token = "", FAULT_INJECTION } = settings;
  const problems: string[] = [];
  if (token !== "" && token.length < SHORTEST_TOKEN) {
    problems.push(`CONSOLE_TOKEN must have ${SHORTEST_TOKEN} characters or more`);
  }
  if (isLoopback(host)) return problems;
  if (token === "") {
    problems.push(
      `CONSOLE_HOST=${host} lets other machines reach the console; set CONSOLE_TOKEN, ` +
        `or CONSOLE_HOST=127.0.0.1`,
    );
  }
  if (FAULT_INJECTION) {
    problems.push(
      `FAULT_INJECTION lets whoever reaches the console break calls; remove it, ` +
        `or set CONSOLE_HOST=127.0.0.1 instead of ${host}`,
    );
  }
  return problems;
}

/** `deno task start` passes these to Deno as lists in its flags, where white space and commas separate. */
function unpassable(settings: Partial<Settings>): string[] {
  const paths = (Object.keys(SCHEMA) as SettingName[])
    .filter((name) => (SCHEMA[name] as Setting<unknown>).doc.unit === "path");
  const problems = [...paths, "CONSOLE_HOST", "MEDIA_HOST"].flatMap((name) => {
    const value = settings[name as SettingName];
    return typeof value === "string" && /[\s,"'$]/.test(value)
      ? [`${name}=${JSON.stringify(value)} must be without spaces, commas, quotes and $`]
      : [];
  });
  for (const name of ["YANDEX_STT_ENDPOINT", "YANDEX_TTS_ENDPOINT"] as const) {
    const value = settings[name];
    if (value !== undefined && !/^(https?:\/\/)?([\w.-]+|\[[\da-f:]+\])(:\d{1,5})?$/i.test(value)) {
      problems.push(`${name}=${JSON.stringify(value)} must be host:port or http://host:port`);
    }
  }
  const hosts = commaList(settings.ALLOW_NET ?? "");
  const wrong = hosts.filter((host) => !/^([\w.*-]+|\[[\da-f:]+\])(:\d{1,5})?$/i.test(host));
  if (wrong.length > 0) {
    problems.push(
      `ALLOW_NET=${JSON.stringify(settings.ALLOW_NET)} must be whole, or a comma-separated list ` +
        `of host or host:port, without scheme and path`,
    );
  }
  return problems;
}

/** Speech services that are chosen, but lack a key. */
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

/** The default settings with some replaced, for tests and the demo. */
export function settingsWith(changes: Partial<Settings>): Settings {
  return { ...readSettings({}), ...changes };
}

/** The problem with an unknown name, if it is or resembles one of ours. */
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
