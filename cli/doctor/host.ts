// Has this machine what the service needs of it: a folder to write, room, a port?

import { mkdir, statfs } from "node:fs/promises";
import { join } from "node:path";

import type { Settings } from "../../config/settings.ts";
import { fewFilesFor } from "../open_files.ts";
import { fail, type Finding, type Findings, note, ok, reasonOf } from "./finding.ts";

/** Less than a busy day of recordings: stereo 16 kHz audio takes 230 MB an hour. */
const LOW_DISK_MB = 2048;
/** With less than this, the journal itself may fail. */
const LEAST_DISK_MB = 100;

/** The settings these checks are about. */
export type HostSettings = Pick<
  Settings,
  "DATA_DIR" | "MIN_FREE_DISK_MB" | "CONSOLE_HOST" | "CONSOLE_PORT" | "MAX_CALLS"
>;

/**
 * Checks the data folder, its disk, the console's port and the limit of open files; `limitsFile` is
 * that of proc(5), which only Linux has.
 */
export async function* checkHost(
  settings: HostSettings,
  limitsFile = "/proc/self/limits",
): Findings {
  const folder = await checkDataFolder(settings.DATA_DIR);
  yield folder;
  if (folder.status === "ok") yield await checkDisk(settings);
  yield* checkOpenFiles(settings, limitsFile);
  yield await checkConsolePort(settings);
}

/** Of the shell that runs the doctor: systemd's is LimitNOFILE, and `start` checks again. */
async function* checkOpenFiles({ MAX_CALLS }: HostSettings, limitsFile: string): Findings {
  if (Deno.build.os !== "linux") return;
  const limits = await Deno.readTextFile(limitsFile);
  const hard = /^Max open files +\S+ +(\S+)/m.exec(limits)?.[1];
  const problem = fewFilesFor(MAX_CALLS, Number(hard));
  yield problem
    ? note(problem.what, problem.cure)
    : ok(`open files: at most ${hard}, enough for MAX_CALLS=${MAX_CALLS}`);
}

async function checkDataFolder(path: string): Promise<Finding> {
  const probe = join(path, `.doctor-${crypto.randomUUID()}`);
  try {
    await mkdir(path, { recursive: true });
    await Deno.writeTextFile(probe, "");
    await Deno.remove(probe);
    return ok(`DATA_DIR=${path} is writable`);
  } catch (error) {
    return fail(
      `DATA_DIR=${path} cannot be written: ${reasonOf(error)}`,
      "make the user who runs the bot its owner (chown), or set DATA_DIR to another folder",
    );
  }
}

async function checkDisk({ DATA_DIR, MIN_FREE_DISK_MB }: HostSettings): Promise<Finding> {
  const { bavail, bsize } = await statfs(DATA_DIR);
  const freeMb = Math.floor(bavail * bsize / 1024 / 1024);
  const what = `${freeMb} MB free on the disk of DATA_DIR`;
  const cure = "free some space, move DATA_DIR to another disk, or set RECORD_CALLS=false " +
    "(an hour of calls takes 230 MB)";
  if (freeMb < LEAST_DISK_MB) return fail(what, cure);
  if (freeMb < MIN_FREE_DISK_MB) {
    return note(`${what}: under MIN_FREE_DISK_MB=${MIN_FREE_DISK_MB}, no call is recorded`, cure);
  }
  return freeMb < LOW_DISK_MB ? note(what, cure) : ok(what);
}

async function checkConsolePort({ CONSOLE_HOST, CONSOLE_PORT }: HostSettings): Promise<Finding> {
  const host = CONSOLE_HOST.includes(":") ? `[${CONSOLE_HOST}]` : CONSOLE_HOST;
  const where = `${host}:${CONSOLE_PORT}`;
  try {
    Deno.listen({ hostname: CONSOLE_HOST, port: CONSOLE_PORT }).close();
    return ok(`the console can listen on ${where}`);
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return await checkConsoleIsOurs(where);
    return fail(
      `the console cannot listen on ${where}: ${reasonOf(error)}`,
      "set CONSOLE_HOST to an address of this machine (127.0.0.1) and CONSOLE_PORT to 1024 or more",
    );
  }
}

/** Whether the program that listens there is this service. */
async function checkConsoleIsOurs(where: string): Promise<Finding> {
  try {
    const response = await fetch(`http://${where}/ready`, { signal: AbortSignal.timeout(2000) });
    const state: unknown = await response.json();
    if (state !== null && typeof state === "object" && "ready" in state && "reason" in state) {
      const readiness = state.ready === true ? "ready" : `not ready: ${state.reason}`;
      return ok(`the console on ${where} is the running bot's (${readiness})`);
    }
  } catch {
    // Not our console, then: the finding below says so.
  }
  return fail(
    `another program listens on ${where}, the address of the console`,
    "stop it, or set CONSOLE_PORT to a free port (0: any)",
  );
}
