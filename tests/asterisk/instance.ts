// One Asterisk's folder inside the tree: the sample configuration of asterisk/etc with this
// machine's ports and passwords, and the run-time files. Several instances can run from one tree.

import { TestbedError } from "./error.ts";
import { freeTcpPort, freeUdpPort } from "./ports.ts";

const SAMPLE = new URL("../../asterisk/etc/", import.meta.url);
/** In the tree. Each folder's name begins with the id of the process that owns it. */
const INSTANCES = "/var/lib/voxbot-testbed";
/** Below the range of outgoing connections on Linux, which begins at 32768. */
const RTP_PORTS = { first: 20_000, last: 32_000, perInstance: 1000 } as const;
/**
 * Left out of the distribution's configuration: the manager interface, which Debian binds to a
 * fixed port, and a deprecated file that Asterisk warns about at each start. Any warning in the log
 * is therefore ours.
 */
const NOT_COPIED = ["manager.conf", "users.conf"];

/** What is one instance's own. */
export interface Instance {
  /** Its folder, as a path inside the tree. */
  readonly path: string;
  /** Its folder, as a path on this machine. */
  readonly hostPath: string;
  readonly httpPort: number;
  /** What all its addresses begin with (http.conf `prefix`), such as `/asterisk`; mostly empty. */
  readonly httpPath: string;
  readonly sipPort: number;
  readonly ariUser: string;
  readonly ariPassword: string;
  readonly sipUser: string;
  readonly sipPassword: string;
}

/**
 * Creates an instance's folder from the distribution's configuration and, over it, the sample's
 * files with ports and passwords replaced.
 *
 * @param httpPath see `Instance`.
 * @throws {TestbedError} unless the sample has each line that is replaced exactly once.
 */
export async function createInstance(tree: string, httpPath = ""): Promise<Instance> {
  await sweep(tree);
  const path = `${INSTANCES}/${Deno.pid}-${randomWord(4)}`;
  const instance: Instance = {
    path,
    hostPath: `${tree}${path}`,
    httpPort: freeTcpPort(),
    httpPath,
    sipPort: await freeUdpPort(),
    ariUser: "voxbot",
    ariPassword: randomWord(16),
    sipUser: "line",
    sipPassword: randomWord(16),
  };
  for (const folder of ["etc", "run", "log", "spool/recording", "db"]) {
    await Deno.mkdir(`${instance.hostPath}/${folder}`, { recursive: true });
  }
  await copyConfiguration(`${tree}/etc/asterisk`, `${instance.hostPath}/etc`);
  await writeSample(instance);
  await giveTo(tree, path);
  return instance;
}

/** Removes an instance's folder. */
export async function removeInstance(instance: Instance): Promise<void> {
  await Deno.remove(instance.hostPath, { recursive: true });
}

type Replacement = readonly [file: string, line: string, by: string];

function replacements(instance: Instance): readonly Replacement[] {
  const { first, last, perInstance } = RTP_PORTS;
  // Two instances can draw the same range and share it: Asterisk takes the next free port.
  const rtpStart = first + 2 * Math.floor(Math.random() * (last - first - perInstance) / 2);
  return [
    [
      "http.conf",
      "bindport = 8088",
      `bindport = ${instance.httpPort}\nprefix = ${instance.httpPath.slice(1)}`,
    ],
    ["pjsip.conf", "bind = 127.0.0.1:5060", `bind = 127.0.0.1:${instance.sipPort}`],
    ["pjsip.conf", "password = change-me-sip", `password = ${instance.sipPassword}`],
    ["ari.conf", "password = change-me-ari", `password = ${instance.ariPassword}`],
    ["rtp.conf", "rtpstart = 10000", `rtpstart = ${rtpStart}`],
    ["rtp.conf", "rtpend = 10999", `rtpend = ${rtpStart + perInstance - 1}`],
    ["asterisk.conf", "[options]", `${directories(instance.path)}\n[options]`],
  ];
}

/**
 * The sample keeps Asterisk's compiled-in directories; an instance has its own for all it writes.
 */
function directories(path: string): string {
  return `[directories]
astetcdir = ${path}/etc
astrundir = ${path}/run
astlogdir = ${path}/log
astspooldir = ${path}/spool
astdbdir = ${path}/db
`;
}

async function writeSample(instance: Instance): Promise<void> {
  const pending = [...replacements(instance)];
  for await (const { name } of Deno.readDir(SAMPLE)) {
    if (!name.endsWith(".conf")) continue;
    let text = await Deno.readTextFile(new URL(name, SAMPLE));
    for (const [file, line, by] of pending) {
      if (file === name) text = replaceLine(text, line, by, name);
    }
    await Deno.writeTextFile(`${instance.hostPath}/etc/${name}`, text);
  }
}

/**
 * Replaces one whole line of a configuration.
 *
 * @throws {TestbedError} unless the line occurs exactly once.
 */
export function replaceLine(text: string, line: string, by: string, file: string): string {
  const lines = text.split("\n");
  const found = lines.filter((candidate) => candidate === line).length;
  if (found !== 1) {
    throw new TestbedError(
      `asterisk/etc/${file} has the line "${line}" ${found} times instead of once: the testbed ` +
        "replaces it; change tests/asterisk/instance.ts along with the sample",
    );
  }
  return lines.map((candidate) => candidate === line ? by : candidate).join("\n");
}

async function copyConfiguration(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (NOT_COPIED.includes(name)) continue;
    if (isDirectory) await copyConfiguration(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

async function giveTo(tree: string, path: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("chroot", {
    args: [tree, "chown", "-R", "asterisk:asterisk", path],
    stdin: "null",
  }).output();
  if (!success) {
    throw new TestbedError(`cannot give ${path} to Asterisk: ${new TextDecoder().decode(stderr)}`);
  }
}

/** Removes the folders of processes that were killed. */
async function sweep(tree: string): Promise<void> {
  await Deno.mkdir(`${tree}${INSTANCES}`, { recursive: true });
  for await (const { name } of Deno.readDir(`${tree}${INSTANCES}`)) {
    if (await isRunning(name.split("-")[0]!)) continue;
    await Deno.remove(`${tree}${INSTANCES}/${name}`, { recursive: true });
  }
}

async function isRunning(pid: string): Promise<boolean> {
  try {
    return (await Deno.stat(`/proc/${pid}`)).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function randomWord(bytes: number): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toHex();
}
