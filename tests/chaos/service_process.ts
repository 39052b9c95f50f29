// The service as a process of its own, so that it can be killed and measured from outside. It is started
// by the command of `deno task start`: its settings decide what it may do, as an operator's do.

import { join } from "node:path";
import { pause } from "../../runtime/waiting.ts";
import type { FaultKind } from "../../actors/otp/control.ts";
import { findAddon, permissionFlags } from "../../cli/permissions.ts";
import { proxiesFromEnvironment } from "../../config/environment.ts";
import { readSettings } from "../../config/read_settings.ts";
import { hungThreads } from "../../runtime/repairs/hung_thread.ts";
import type { CallDetails, CallSummary } from "../../console/calls.ts";
import { START_TASK } from "../confinement/start_task.ts";
import { ROOT } from "../runner/steps.ts";

/** A start takes about two seconds, far longer on a busy machine. */
const START_MS = 60_000;
const POLL_MS = 20;
/** A thread that spins takes more than this in that time, even one of twenty on two cores. */
const [LOOK_MS, SPINS_SECONDS] = [2000, 0.1];
/** More calls than are ever live at once. */
const NEWEST = 100;

/** The system resources that a process holds. */
export interface Holdings {
  readonly rssMb: number;
  readonly files: number;
  /** One per isolate, and a few of Deno's own. */
  readonly threads: number;
  /** CPU seconds used so far. */
  readonly cpuSeconds: number;
}

/** Another user of the machine, who may run a copy of Deno. */
export interface ServiceUser {
  /** Its number, also that of its group. It need not have a name. */
  readonly uid: number;
  /** The path of a Deno that it may run. */
  readonly deno: string;
}

/** On what, and as whom, it runs: by default as this process. */
export interface ServiceHost {
  /** Becoming another user takes root. They must be able to write the data folder. */
  readonly user?: ServiceUser;
  /** The only CPUs it may run on, as taskset(1) names them. */
  readonly cpus?: string;
}

/** A service that can be started, killed and started again on one data folder and one port. */
export class ServiceProcess implements AsyncDisposable {
  readonly dataDir: string;
  readonly url: string;
  readonly #env: Record<string, string>;
  readonly #host: ServiceHost;
  #child?: Deno.ChildProcess;
  #guard?: Deno.ChildProcess;
  /** When the running process was started, in milliseconds since the epoch. */
  startedAt = 0;

  /** @param dataDir holds the journal, the recordings and the service's log (`service.log`). */
  constructor(dataDir: string, env: Readonly<Record<string, string>>, host: ServiceHost = {}) {
    this.dataDir = dataDir;
    this.#host = host;
    const port = freePort();
    this.url = `http://127.0.0.1:${port}`;
    this.#env = {
      ASTERISK_LANG: "en",
      FAULT_INJECTION: "1",
      RECORD_CALLS: "0",
      // The phones of a PBX all have one number.
      // The machine of a test is busy with other tests.
      CAPACITY_GUARD: "false",
      MAX_CALLS_PER_CALLER: "0",
      LOG_LEVEL: "warning",
      DATA_DIR: dataDir,
      CONSOLE_PORT: String(port),
      ...env,
    };
  }

  /** Of the running process. */
  get pid(): number {
    return this.#child!.pid;
  }

  /** Starts it. Resolves once the console answers. */
  async start(): Promise<void> {
    this.startedAt = Date.now();
    const log = join(this.dataDir, "service.log");
    const { user, cpus } = this.#host;
    const deno = user?.deno ?? Deno.execPath();
    const shell = ["sh", "-c", `exec ${START_TASK} >> "$1" 2>&1`, deno, log];
    const [command, ...args] = cpus === undefined ? shell : ["taskset", "-c", cpus, ...shell];
    this.#child = new Deno.Command(command!, {
      args,
      cwd: ROOT,
      env: this.#env,
      ...user && { uid: user.uid, gid: user.uid },
      stdin: "null",
    }).spawn();
    this.#guard = guardOf(this.#child);
    await this.#until("/live", START_MS);
  }

  /** The permissions that its command line gives it (Linux). */
  permissions(): string[] {
    const words = Deno.readTextFileSync(`/proc/${this.#child!.pid}/cmdline`).split("\0");
    return words.filter((word) => /^(-A|--no-prompt|--(allow|deny)-.*)$/.test(word));
  }

  /** Those that its settings need, and no more. */
  permissionsNeeded(): string[] {
    const settings = readSettings(this.#env);
    return permissionFlags(settings, {
      addon: findAddon(),
      proxies: proxiesFromEnvironment(),
    });
  }

  /** Resolves once it takes calls. */
  async ready(): Promise<void> {
    await this.#until("/ready", START_MS);
  }

  /** Kills it without warning (SIGKILL). */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#child?.status;
    await this.#gone();
  }

  /** Asks it to end. */
  signal(signal: Deno.Signal): void {
    this.#child?.kill(signal);
  }

  /** Resolves with its exit code, or undefined if it has not ended within `ms`. */
  async ended(ms: number): Promise<number | undefined> {
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => late.resolve(undefined), ms);
    const code = await Promise.race([this.#child?.status.then(({ code }) => code), late.promise]);
    clearTimeout(timer);
    if (code !== undefined) await this.#gone();
    return code;
  }

  /** All calls that it lists, newest first. */
  async calls(): Promise<readonly CallSummary[]> {
    const { calls } = await this.#json<{ calls: CallSummary[] }>("/api/calls");
    return calls;
  }

  /** The newest calls, including all live ones: listing hundreds of ended calls would burden the service under test. */
  async newestCalls(): Promise<readonly CallSummary[]> {
    const { calls } = await this.#json<{ calls: CallSummary[] }>(`/api/calls?limit=${NEWEST}`);
    return calls;
  }

  call(id: string): Promise<CallDetails> {
    return this.#json<CallDetails>(`/api/calls/${id}`);
  }

  /** Breaks a call. Resolves when the fault strikes (ms since the epoch), or with undefined if the call is not live. */
  breakCall(id: string, kind: FaultKind): Promise<number | undefined> {
    return this.#break(`/api/calls/${id}/fault`, kind);
  }

  /** The same for the speech engine; undefined while there is none. */
  breakEngine(kind: FaultKind): Promise<number | undefined> {
    return this.#break("/api/engine/fault", kind);
  }

  /** The sum of a metric over all label values. */
  async metric(name: string): Promise<number> {
    const page = await (await fetch(`${this.url}/metrics`)).text();
    return page.split("\n").filter((line) => line.startsWith(`voxbot_${name}`))
      .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  }

  /** The resources it holds now (Linux). */
  async holdings(): Promise<Holdings> {
    const folder = `/proc/${this.#child!.pid}`;
    const status = await Deno.readTextFile(`${folder}/status`);
    const fact = (name: string) => Number(status.match(`${name}:\\s+(\\d+)`)?.[1] ?? NaN);
    const files = [...Deno.readDirSync(`${folder}/fd`)].length;
    const rssMb = Math.round(fact("VmRSS") / 1024);
    return {
      rssMb,
      files,
      threads: fact("Threads"),
      cpuSeconds: cpuSeconds(this.#child!.pid),
    };
  }

  /**
   * How many threads of isolates hang, at a moment when nothing else computes: those that wait for CPU
   * time that nobody else wants, and those that kept their priority (Linux).
   */
  async hungThreads(): Promise<number> {
    const folder = `/proc/${this.#child!.pid}`;
    return new Set([...hungThreads(folder), ...await spinningThreads(folder)]).size;
  }

  /** Its open handles by kind: "socket", "pipe", "file"… (Linux). */
  handles(): ReadonlyMap<string, number> {
    const folder = `/proc/${this.#child!.pid}/fd`;
    const kinds = new Map<string, number>();
    for (const { name } of Deno.readDirSync(folder)) {
      const kind = handleKind(`${folder}/${name}`);
      if (kind !== undefined) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    return kinds;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  /** The process has ended and needs no guard any more. */
  async #gone(): Promise<void> {
    const guard = this.#guard;
    this.#child = this.#guard = undefined;
    guard?.kill("SIGKILL");
    await guard?.status;
    await guard?.stdin.close().catch(() => undefined);
  }

  async #break(path: string, kind: FaultKind): Promise<number | undefined> {
    const body = JSON.stringify({ kind });
    // The service may be killed before the fault has struck.
    const headers = { "content-type": "application/json" };
    const response = await fetch(this.url + path, { method: "POST", headers, body })
      .catch(() => undefined);
    const { struckAt } = await response?.json().catch(() => undefined) ?? {};
    return struckAt === undefined ? undefined : Date.parse(struckAt);
  }

  async #json<T>(path: string): Promise<T> {
    const response = await fetch(this.url + path);
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return await response.json() as T;
  }

  async #until(path: string, ms: number): Promise<void> {
    const deadline = Date.now() + ms;
    while (Date.now() < deadline) {
      const status = await fetch(this.url + path).then(async (response) => {
        await response.text();
        return response.status;
      }, () => 0);
      if (status === 200) return;
      await pause(POLL_MS);
    }
    throw new Error(`the service did not answer ${path} within ${ms} ms: see service.log`);
  }
}

/** Ends the service when this process is gone for whatever reason: nothing then holds the guard's input open. */
function guardOf({ pid }: Deno.ChildProcess): Deno.ChildProcess {
  const args = ["-c", 'read -r _; kill -KILL "$1"', "guard", String(pid)];
  return new Deno.Command("sh", { args, stdin: "piped", stdout: "null", stderr: "null" }).spawn();
}

/** Threads that compute without a pause (Linux). */
async function spinningThreads(folder: string): Promise<string[]> {
  const used = () =>
    new Map(
      [...Deno.readDirSync(`${folder}/task`)].map((
        { name },
      ) => [name, cpuSecondsOf(`${folder}/task/${name}`)]),
    );
  const before = used();
  await pause(LOOK_MS);
  return [...used()].filter(([thread, seconds]) =>
    seconds - (before.get(thread) ?? seconds) > SPINS_SECONDS
  ).map(([thread]) => thread);
}

/** CPU seconds that a process has used (Linux). */
export function cpuSeconds(pid: number): number {
  return cpuSecondsOf(`/proc/${pid}`);
}

/** The same of a process's or a thread's folder. */
function cpuSecondsOf(folder: string): number {
  // proc(5): the 12th and 13th field after the name, in hundredths of a second (CLK_TCK).
  const [user, system] = statOf(folder).slice(11, 13).map(Number);
  return (user! + system!) / 100;
}

/** A process's scheduling policy as sched(7) names it: "SCHED_OTHER", "SCHED_RR 10" (Linux). */
export function schedulingOf(pid: number): string {
  // proc(5): the 38th and 39th field after the name, the numbers of linux/sched.h.
  const [priority, policy] = statOf(`/proc/${pid}`).slice(37, 39).map(Number);
  const name = ["OTHER", "FIFO", "RR", "BATCH"][policy!] ?? policy;
  return `SCHED_${name}${priority ? ` ${priority}` : ""}`;
}

/** The fields of a process's `stat` after its parenthesised name. */
function statOf(folder: string): string[] {
  const stat = Deno.readTextFileSync(`${folder}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** A handle's target: `socket:[4711]`, `anon_inode:[eventpoll]`, or a path; undefined if it has just been closed. */
function handleKind(path: string): string | undefined {
  try {
    const target = Deno.readLinkSync(path);
    return target.startsWith("/")
      ? "file"
      : /\[([a-z]+)\]/.exec(target)?.[1] ?? target.split(":")[0];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
