// Does the PBX answer, does it let us in, and has it what a call needs?

import { describeUsage } from "../../asterisk/ari/contract/usage.ts";
import {
  type ChoiceSettings,
  chooseTransport,
  type TransportChoice,
} from "../../asterisk/transports/choose.ts";
import type { Settings } from "../../config/settings.ts";
import { type AriAnswer, askAri } from "./ari.ts";
import { advisedUpdate, parseVersion } from "../../asterisk/version.ts";
import { checkEndpoints } from "./endpoints.ts";
import { fail, type Finding, type Findings, note, ok } from "./finding.ts";
import { checkFolders } from "./folders.ts";

/** The settings these checks are about. */
export type PbxSettings =
  & Pick<
    Settings,
    "ARI_USER" | "ARI_PASSWORD" | "ARI_APP_NAME" | "ARI_FALLBACK_CONTEXT" | "ASTERISK_LANG"
  >
  & ChoiceSettings;

/** Checks the PBX; stops at a failure that hides all the rest. */
export async function* checkPbx(settings: PbxSettings): Findings {
  const info = await askAri(settings, "GET", "asterisk/info");
  const entrance = await checkEntrance(settings, info);
  yield entrance;
  if (entrance.status === "FAIL" || info.kind !== "answer") return;

  yield await checkMayCommand(settings);
  const version = textAt(info.body, "system", "version") ?? "unknown";
  yield checkVersion(version);
  yield* checkName(textAt(info.body, "config", "name") ?? "");
  const modules = await askAri(settings, "GET", "asterisk/modules");
  if (modules.kind === "answer" && Array.isArray(modules.body)) {
    const loaded = running(modules.body);
    yield* checkModules(loaded);
    const choice = chooseTransport(settings, { version, modules: [...loaded] });
    yield checkTransport(settings, choice);
    if (choice.kind === "files") yield await checkFolders(settings);
  } else {
    yield fail(
      "Asterisk does not list its modules",
      "load res_ari_asterisk.so (asterisk/etc/modules.conf lists all modules that are needed)",
    );
  }
  yield* checkEndpoints(settings);
  yield* checkDialplan(settings);
}

async function checkEntrance(settings: PbxSettings, info: AriAnswer): Promise<Finding> {
  const { ARI_HTTP_URL: url, ARI_USER: user } = settings;
  if (info.kind === "silence") {
    return fail(
      `nothing answers at ARI_HTTP_URL=${url}: ${info.reason}`,
      "check that Asterisk runs, that http.conf has enabled=yes with this address and port " +
        '(`asterisk -rx "http show status"`), and that no firewall is in between',
    );
  }
  if (info.kind === "stranger" || info.status === 404) {
    const server = info.kind === "stranger" ? ` (${info.server})` : "";
    const found = await nearbyAri(settings);
    return fail(
      `a web server${server} answers at ${url}, but not ARI (HTTP ${info.status})`,
      found
        ? `ARI answers at ${found}: set ARI_HTTP_URL=${found}`
        : "set enabled=yes in ari.conf and load res_ari.so; if http.conf has a prefix, " +
          "ARI_HTTP_URL must end in it (`http show status` names it): http://127.0.0.1:8088/asterisk",
    );
  }
  if (info.status === 401) {
    return user === ""
      ? fail("ARI_USER is not set", "set ARI_USER and ARI_PASSWORD to those of a user in ari.conf")
      : fail(
        `ARI refuses user ${user}: wrong name or password (HTTP 401)`,
        `ARI_USER and ARI_PASSWORD must be those of a [section] with type=user in ari.conf; after ` +
          'changing it: `asterisk -rx "module reload res_ari.so"`',
      );
  }
  if (info.status !== 200) {
    return fail(`ARI answers with HTTP ${info.status}`, "look for the reason in Asterisk's log");
  }
  return ok(`ARI answers at ${url} and knows user ${user}`);
}

/**
 * Where ARI answers instead on the same server: without the path that was written, behind the prefix
 * of Asterisk's sample http.conf, or behind a prefix that is named like ARI itself.
 */
async function nearbyAri(settings: PbxSettings): Promise<string | undefined> {
  const { origin, pathname } = new URL(settings.ARI_HTTP_URL);
  const own = pathname.replace(/\/+$/, "");
  for (const prefix of ["", "/asterisk", "/ari"]) {
    if (prefix === own) continue;
    const ARI_HTTP_URL = origin + prefix;
    const answer = await askAri({ ...settings, ARI_HTTP_URL }, "GET", "asterisk/info");
    const isAri = answer.kind === "answer" && (answer.status === 200 || answer.status === 401);
    // A trailing `/ari` is dropped once when the setting is read.
    if (isAri) return prefix === "/ari" ? `${ARI_HTTP_URL}/ari` : ARI_HTTP_URL;
  }
  return undefined;
}

/** Deletes a playback that does not exist: 404 means that we may, 403 that this user may only read. */
async function checkMayCommand(settings: PbxSettings): Promise<Finding> {
  const answer = await askAri(settings, "DELETE", "playbacks/voxbot-doctor-looks-only");
  return answer.kind === "answer" && answer.status === 403
    ? fail(
      `ARI user ${settings.ARI_USER} may read, but not give commands`,
      "set read_only=no for this user in ari.conf and reload res_ari.so",
    )
    : ok(`user ${settings.ARI_USER} may give commands`);
}

function checkVersion(text: string): Finding {
  const version = parseVersion(text);
  if (!version) return note(`Asterisk ${text}: a custom build, assumed to be new enough`);
  const update = advisedUpdate(version);
  return update
    ? note(`Asterisk ${text} works`, `${update} fixes security holes in ARI: update`)
    : ok(`Asterisk ${text}`);
}

/** Its channels' ids begin with its name, those of the bot's bridges and media with `voxbot-`. */
function* checkName(systemName: string): Generator<Finding> {
  if (!systemName.startsWith("voxbot")) return;
  yield note(
    `the PBX is named ${systemName}: in its log its channels look like those of the bot`,
    "calls are served all the same; to tell them apart set another systemname in asterisk.conf",
  );
}

/** Modules by what needs them. */
const NEEDED: readonly [purpose: string, modules: readonly string[]][] = [
  ["commands and events", [
    "res_http_websocket.so",
    "res_stasis.so",
    "res_ari.so",
    "res_ari_model.so",
    "res_ari_events.so",
    ...new Set(describeUsage().commands.map(({ resource }) => `res_ari_${resource}.so`)),
  ]],
  ["the dialplan's Stasis()", ["app_stasis.so"]],
  ["joining caller and bot", ["bridge_simple.so", "bridge_softmix.so"]],
];

/** Codecs of callers' lines; one is enough. */
const LINE_CODECS = ["codec_ulaw.so", "codec_alaw.so", "codec_g722.so", "codec_opus.so"];

function* checkModules(loaded: ReadonlySet<string>): Generator<Finding> {
  for (const [purpose, modules] of NEEDED) {
    const missing = modules.filter((name) => !loaded.has(name));
    yield missing.length === 0
      ? ok(`modules for ${purpose}`)
      : fail(`modules for ${purpose} are not running: ${missing.join(", ")}`, loading(missing));
  }
  yield LINE_CODECS.some((name) => loaded.has(name))
    ? ok("a codec for the line")
    : fail("no codec for the line", loading(["codec_alaw.so", "codec_ulaw.so"]));
}

function checkTransport(
  settings: PbxSettings,
  { kind, why, verdicts }: TransportChoice,
): Finding {
  if (kind) return ok(`media transport: ${kind} (${why})`);
  const wanted = verdicts.find(({ kind }) => kind === settings.MEDIA_TRANSPORT) ?? verdicts[0]!;
  return fail(
    `no media transport: ${why}`,
    wanted.missing.length > 0
      ? loading(wanted.missing)
      : `do what it says, or set MEDIA_TRANSPORT=auto and load the modules of another transport`,
  );
}

function loading(modules: readonly string[]): string {
  const commands = modules.map((name) => `module load ${name}`).join("; ");
  return `in Asterisk's console: ${commands}; to keep that: load = … in modules.conf`;
}

/** ARI cannot read the dialplan: reports what ARI knows, and how to see the rest. */
async function* checkDialplan(settings: PbxSettings): Findings {
  const { ARI_APP_NAME: app, ARI_FALLBACK_CONTEXT: fallback } = settings;
  const answer = await askAri(settings, "GET", "applications");
  const apps = answer.kind === "answer" && Array.isArray(answer.body) ? answer.body : [];
  const ours = apps.find((candidate) => textAt(candidate, "name") === app);
  const show = `\`asterisk -rx "dialplan show"\` must show a line Stasis(${app}) ` +
    "(asterisk/etc/extensions.conf is an example)";
  const calls = ours && listAt(ours, "channel_ids").length;
  if (calls) yield ok(`the dialplan leads to ${app}: ${calls} channel(s) in it now`);
  else if (ours) yield note(`application ${app} is registered: the bot is running`, show);
  else {
    const others = apps.map((candidate) => textAt(candidate, "name")).filter(Boolean);
    const seen = others.length > 0 ? ` (registered now: ${others.join(", ")})` : "";
    yield note(`application ${app} is not registered: the bot is not running${seen}`, show);
  }
  if (fallback === "") {
    yield note(
      "ARI_FALLBACK_CONTEXT is not set: calls that the bot cannot serve are hung up",
      "set it to a context with an operator queue, such as voxbot-fallback",
    );
  } else {
    yield note(
      `calls that the bot cannot serve continue in context ${fallback}`,
      `\`asterisk -rx "dialplan show s@${fallback}"\` must show priority 1`,
    );
  }
}

function running(modules: readonly unknown[]): Set<string> {
  const alive = modules.filter((module) => textAt(module, "status") === "Running");
  return new Set(alive.map((module) => textAt(module, "name") ?? ""));
}

/** The value at a path of a JSON answer. */
function valueAt(json: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      value !== null && typeof value === "object"
        ? (value as Record<string, unknown>)[key]
        : undefined,
    json,
  );
}

function textAt(json: unknown, ...path: readonly string[]): string | undefined {
  const value = valueAt(json, ...path);
  return typeof value === "string" ? value : undefined;
}

function listAt(json: unknown, key: string): readonly unknown[] {
  const value = valueAt(json, key);
  return Array.isArray(value) ? value : [];
}
