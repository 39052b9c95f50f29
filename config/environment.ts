// The only place that reads the environment of the process, and that changes it: secrets leave it.

import { notesOfOldNames } from "./legacy/old_names.ts";
import { hideValues } from "./privacy/redact.ts";
import { readSettings } from "./read_settings.ts";
import { SCHEMA, type Settings } from "./settings.ts";

/**
 * Variables of others that hold secrets or make a library send them. `openai` reads OPENAI_ORG_ID,
 * OPENAI_PROJECT_ID, OPENAI_CUSTOM_HEADERS, OPENAI_ADMIN_KEY and OPENAI_WEBHOOK_SECRET by itself
 * (client.ts of 7.55), whatever server OPENAI_BASE_URL names.
 */
const SECRETIVE = /^(OPENAI|AZURE|AWS|ANTHROPIC|CHROMA|YC)_/i;
const SECRET_NAME = /SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|PRIVATE_?KEY|API_?KEY|ADMIN_?KEY/i;

/**
 * The settings of this process. Secrets leave its environment, whoever they belong to: an isolate,
 * and every package that it loads, could read them there. A second call would miss them. Their values
 * are masked in every line that this thread logs from now on.
 *
 * @throws {SettingsError} naming everything that is wrong.
 */
export function settingsFromEnvironment(): Settings {
  const env = Deno.env.toObject();
  const secretive = Object.keys(env).filter((name) =>
    SECRETIVE.test(name) || SECRET_NAME.test(name) || isSecretOfOurs(name)
  );
  for (const name of secretive) Deno.env.delete(name);
  hideValues(secretive.filter(isSecret).map((name) => env[name]!));
  return readSettings(env);
}

/** How a service manager wants to be told how the service is. */
export interface NotifySocket {
  readonly path: string;
  /** After this without a word it takes the service for hung. */
  readonly watchdogMs: number | undefined;
}

/**
 * What systemd asks for: sd_notify(3), sd_watchdog_enabled(3). Undefined without it. It names an
 * abstract socket (`@…`) in no unit of ours, and Deno has no permission for one.
 */
export function notifySocketFromEnvironment(): NotifySocket | undefined {
  const path = Deno.env.get("NOTIFY_SOCKET") ?? "";
  if (!path.startsWith("/")) return undefined;
  // WATCHDOG_PID is not asked for: where `deno task` or a shell starts us, it is theirs.
  const microseconds = Number(Deno.env.get("WATCHDOG_USEC"));
  return { path, watchdogMs: microseconds > 0 ? microseconds / 1000 : undefined };
}

/** The time that all files of a release have (https://reproducible-builds.org/specs/source-date-epoch/). */
export function sourceTimeFromEnvironment(): number | undefined {
  const seconds = Deno.env.get("SOURCE_DATE_EPOCH");
  return seconds === undefined || !/^\d+$/.test(seconds) ? undefined : Number(seconds);
}

/** What to tell an operator about old names; to be asked before the settings, which remove secrets. */
export function notesOfEnvironment(): string[] {
  return notesOfOldNames(Deno.env.toObject());
}

/**
 * Keeps ONNX Runtime, whose native code no permission of Deno binds, from sending Microsoft what it runs
 * on and which models, as its builds since 1.29 do. To be called before it is loaded: it looks once.
 * https://github.com/microsoft/onnxruntime/pull/27379
 */
export function forbidTelemetry(): void {
  Deno.env.set("ORT_DISABLE_TELEMETRY", "1");
}

/** As Deno's fetch and grpc-js read them, in small letters or capitals. */
const PROXY_VARIABLES = ["http_proxy", "https_proxy", "all_proxy", "grpc_proxy"];

/** The addresses of the proxies through which services are reached; what is no address is no proxy. */
export function proxiesFromEnvironment(): string[] {
  return PROXY_VARIABLES.flatMap((name) => [name, name.toUpperCase()])
    .map((name) => Deno.env.get(name) ?? "")
    .filter((proxy) => URL.canParse(proxy));
}

/** Whether the value itself is one, unlike OPENAI_BASE_URL's or LLM_DAILY_TOKENS's. */
function isSecret(name: string): boolean {
  return Object.hasOwn(SCHEMA, name) ? isSecretOfOurs(name) : SECRET_NAME.test(name);
}

/**
 * SQLite copies a database that it rewrites into a temporary file: beside the database, not in a folder
 * of everybody (https://sqlite.org/tempfiles.html).
 */
export function keepTempFilesIn(folder: string): void {
  Deno.env.set("SQLITE_TMPDIR", folder);
}

function isSecretOfOurs(name: string): boolean {
  return Object.hasOwn(SCHEMA, name) && SCHEMA[name as keyof typeof SCHEMA].secret;
}
