// What the service may do on this machine, computed from its settings: the flags of Deno that
// `deno task start` runs it with. docs/security.md explains them to the operator.

import { isAbsolute, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { commaList } from "../config/spelling/comma_list.ts";
import type { Settings } from "../config/settings.ts";
import { ownSocket } from "./systemd/service_manager.ts";

/** What the computation needs besides settings. */
export interface Place {
  /** The addon of onnxruntime-node, relative to the process's folder or absolute; undefined: it is not there. */
  readonly addon: string | undefined;
  /** The project's folder, where the process runs in another one. */
  readonly project?: string;
  /** Where the service manager listens: sd_notify(3). */
  readonly notifySocket?: string;
  /** Proxies that the environment names (`https_proxy` and its kin): services are reached through them. */
  readonly proxies: readonly string[];
}

/** Where Debian's and Asterisk's own builds keep sounds and ARI's recordings. */
const USUAL_SOUNDS = ["/var/lib/asterisk/sounds", "/usr/share/asterisk/sounds"];
const USUAL_RECORDINGS = ["/var/spool/asterisk/recording"];

/** Where OpenAI answers without OPENAI_BASE_URL. */
const OPENAI = "https://api.openai.com";

/**
 * Deno's flags, each without white space (`contradictions` of config/read_settings.ts sees to that of
 * paths and hosts).
 */
export function permissionFlags(settings: Settings, place: Place): string[] {
  // Threads of a process can be found and given another priority only by one that may do all.
  if (settings.HUNG_THREADS_IDLE) return ["--allow-all"];
  const hosts = hostsOf(settings, place.proxies);
  const { read, write } = foldersOf(settings);
  const sockets = place.notifySocket ? [place.notifySocket] : [];
  const unix = place.notifySocket ? [place.notifySocket, ownSocket(settings.DATA_DIR)] : [];
  return [
    "--no-prompt",
    // Secrets are taken out of the environment before any isolate starts: config/environment.ts.
    "--allow-env",
    hosts === "whole"
      ? "--allow-net"
      : `--allow-net=${[...hosts, ...unix.map((path) => `unix:${path}`)].join(",")}`,
    `--allow-read=${[".", ...elsewhere(place), ...read, ...write, ...sockets].join(",")}`,
    "--deny-read=.env",
    `--allow-write=${[...write, ...sockets].join(",")}`,
    // How much room the disk of DATA_DIR has.
    "--allow-sys=statfs",
    ...place.addon === undefined ? [] : [`--allow-ffi=${place.addon}`],
  ];
}

/** Flags with which `start` can say what is wrong with the settings, and no more. */
export function flagsOfARefusal(place: Pick<Place, "project">): string[] {
  return ["--no-prompt", "--allow-env", `--allow-read=${[".", ...elsewhere(place)].join(",")}`];
}

function elsewhere({ project }: Pick<Place, "project">): string[] {
  return project === undefined ? [] : [project];
}

const PROJECT = fileURLToPath(new URL("..", import.meta.url));

/** The project's folder; undefined: the process runs in it. */
export function findProject(): string | undefined {
  const project = Deno.realPathSync(PROJECT);
  return project === Deno.realPathSync(".") ? undefined : project;
}

/**
 * Gives up the permission to read the service account's key, for the whole process: it has been read.
 * A key inside a folder that the service needs stays readable, since Deno takes back whole grants.
 */
export function giveUpKeyFile(settings: Settings): void {
  const path = settings.YANDEX_SERVICE_ACCOUNT_KEY_FILE;
  const { read, write } = foldersOf(settings);
  const others = [".", PROJECT, ...write, ...read.filter((other) => other !== path)];
  if (path === "" || others.some((folder) => contains(folder, path))) return;
  Deno.permissions.revokeSync({ name: "read", path });
}

function contains(folder: string, path: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way === "" || !(way === ".." || way.startsWith("../") || isAbsolute(way));
}

/** The addon through which the speech engine runs its models. */
export function findAddon(): string | undefined {
  const { os, arch } = Deno.build;
  const folder = { x86_64: "x64", aarch64: "arm64" }[arch];
  try {
    const root = Deno.realPathSync(join(PROJECT, "node_modules/onnxruntime-node"));
    const addon = join(root, "bin/napi-v6", os, folder, "onnxruntime_binding.node");
    const found = Deno.realPathSync(addon);
    return findProject() === undefined ? relative(Deno.cwd(), found) : found;
  } catch (error) {
    // The service then says itself that its models cannot be loaded.
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** What `--allow-net` names: hosts, with a port where it is known; "whole" is any. */
function hostsOf(settings: Settings, proxies: readonly string[]): string[] | "whole" {
  if (settings.ALLOW_NET === "whole") return "whole";
  const extra = commaList(settings.ALLOW_NET);
  const hosts = [
    bracketed(settings.CONSOLE_HOST, settings.CONSOLE_PORT),
    ...ofPbx(settings),
    ...ofOpenAi(settings),
    ...ofYandex(settings),
    ...settings.CHROMA_URL ? [hostAndPort(settings.CHROMA_URL)] : [],
    ...proxies.map(hostAndPort),
    ...extra,
  ];
  return [...new Set(hosts.flatMap(withLoopback))];
}

/** ARI's host, and what carries audio. RTP comes from any port of the PBX, and goes there. */
function ofPbx({ ARI_HTTP_URL, MEDIA_HOST, MEDIA_TRANSPORT }: Settings): string[] {
  const ari = hostAndPort(ARI_HTTP_URL);
  switch (MEDIA_TRANSPORT) {
    case "websocket":
    case "files":
      return [ari];
    case "audiosocket":
      return [ari, bracketed(MEDIA_HOST, 0)];
    case "rtp":
    case "auto":
      return [ari, hostOf(ARI_HTTP_URL), bracketed(MEDIA_HOST)];
  }
}

function ofOpenAi(settings: Settings): string[] {
  const { OPENAI_API_KEY, OPENAI_BASE_URL } = settings;
  if (OPENAI_API_KEY === "" && OPENAI_BASE_URL === "") return [];
  return [hostAndPort(OPENAI_BASE_URL || OPENAI)];
}

function ofYandex(settings: Settings): string[] {
  const { ASR_PROVIDER, TTS_PROVIDER, CHROMA_URL, EMBEDDING_PROVIDER } = settings;
  const speaks = [...ASR_PROVIDER, ...TTS_PROVIDER].includes("yandex");
  const embeds = CHROMA_URL !== "" && EMBEDDING_PROVIDER === "yandex";
  // grpc-js resolves the name first, and node:dns asks for the host with all its ports.
  const grpc = [settings.YANDEX_STT_ENDPOINT, settings.YANDEX_TTS_ENDPOINT].map(hostOf);
  return [
    ...speaks ? [...grpc, hostAndPort(settings.YANDEX_TTS_V1_ENDPOINT)] : [],
    ...embeds ? [hostAndPort(settings.YANDEX_EMBEDDING_URL)] : [],
    ...speaks || embeds ? [hostAndPort(settings.YANDEX_IAM_ENDPOINT)] : [],
  ];
}

/** Files and folders outside the project's: to read only, and to read and write. */
function foldersOf(settings: Settings): { readonly read: string[]; readonly write: string[] } {
  const read = [
    settings.PROMPTS_FILE_PATH,
    settings.KNOWLEDGE_BASE_PATH,
    settings.KNOWLEDGE_BASE2_PATH,
    settings.YANDEX_SERVICE_ACCOUNT_KEY_FILE,
    settings.YANDEX_CA_FILE,
  ];
  const { MEDIA_TRANSPORT, ASTERISK_SOUNDS_DIR, ASTERISK_RECORDING_DIR } = settings;
  const byFiles = ["files", "auto"].includes(MEDIA_TRANSPORT);
  const sounds = ASTERISK_SOUNDS_DIR ? [ASTERISK_SOUNDS_DIR] : byFiles ? USUAL_SOUNDS : [];
  const recordings = !byFiles
    ? []
    : ASTERISK_RECORDING_DIR
    ? [ASTERISK_RECORDING_DIR]
    : USUAL_RECORDINGS;
  return {
    read: read.filter((path) => path !== ""),
    write: [settings.DATA_DIR, ...sounds, ...recordings],
  };
}

/** `host:port` of an address, with or without its scheme. */
function hostAndPort(address: string): string {
  const { protocol, hostname, port } = urlOf(address);
  return `${hostname}:${port || (protocol === "http:" ? 80 : 443)}`;
}

/** The host of an address, with or without its scheme. */
function hostOf(address: string): string {
  return urlOf(address).hostname;
}

function urlOf(address: string): URL {
  return new URL(address.includes("://") ? address : `https://${address}`);
}

function bracketed(host: string, port?: number): string {
  const name = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  return port === undefined ? name : `${name}:${port}`;
}

/** node:dgram resolves a name before Deno checks it. */
function withLoopback(host: string): string[] {
  const port = /^localhost(:\d+)?$/.exec(host);
  return port ? [host, `127.0.0.1${port[1] ?? ""}`, `[::1]${port[1] ?? ""}`] : [host];
}
