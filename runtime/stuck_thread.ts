// A thread that nothing can end. Measured on Deno 2.9.6: `terminate()` of a worker that is in an
// endless loop returns, yet the loop runs on, on a core of its own, until the process ends
// (pull request 35657 of denoland/deno).

import { logger } from "../config/logging.ts";

const log = logger("isolate");

/**
 * sched(7), linux/sched.h: runs only when nothing else wants to. The lowest niceness would still
 * take a share: each such thread 15 parts beside a call's 1024, and this one 3 (the weights of
 * kernel/sched/core.c), and it would not make way at once for a thread that wakes up.
 */
const SCHED_IDLE = 5;
/** sched_setaffinity(2): a set of 1024 CPUs, a bit each. */
const CPU_SET_BYTES = 128;

/**
 * Leaves a worker's thread only the CPU that nobody else wants, so that a call that hangs costs
 * its neighbours nothing. A thread that does end is none the worse for it. Linux only: elsewhere
 * threads have no priority of their own that could be set from outside.
 *
 * @param threadId the worker's, while it was alive.
 */
export function deprioritise(isolate: string, threadId: number): void {
  if (Deno.build.os !== "linux") return;
  try {
    const thread = systemThread(`worker-${threadId}`);
    if (thread === undefined) return;
    runWhenIdle(thread);
    log.warn("a hung thread cannot be ended, it goes on where nobody else wants the CPU", {
      isolate,
      thread,
    });
  } catch (error) {
    log.error("a hung thread goes on and takes CPU from the calls", { isolate, error });
  }
}

/** A process's threads that were deprived, by the system's ids; `folder` is its own in /proc (Linux). */
export function stuckThreads(folder: string): string[] {
  const threads = [...Deno.readDirSync(`${folder}/task`)].map(({ name }) => name);
  return threads.filter((thread) => policyOf(`${folder}/task/${thread}`) === SCHED_IDLE);
}

/** A thread's scheduling policy; undefined when it has just ended. */
function policyOf(folder: string): number | undefined {
  const stat = fileOf(folder, "stat");
  // proc(5): the 39th field after the parenthesised name.
  return stat === undefined
    ? undefined
    : Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[38]);
}

/** A file of a thread's folder in /proc; undefined when the thread has just ended. */
function fileOf(folder: string, name: string): string | undefined {
  try {
    return Deno.readTextFileSync(`${folder}/${name}`);
  } catch (error) {
    // A thread that ends while its file is being read gives ESRCH, which has no class of its own.
    if (error instanceof Deno.errors.NotFound || /os error 3\b/.test(String(error))) {
      return undefined;
    }
    throw error;
  }
}

/**
 * On one CPU, the same for all of them: a CPU that is never quite idle does not fetch what waits at
 * another one.
 *
 * @throws where the C library is not found, or refuses.
 */
function runWhenIdle(thread: number): void {
  const libc = Deno.dlopen("libc.so.6", {
    sched_setscheduler: { parameters: ["i32", "i32", "buffer"], result: "i32" },
    sched_setaffinity: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  });
  try {
    // struct sched_param is one int, the priority, which this policy wants to be 0.
    const refused = libc.symbols.sched_setscheduler(thread, SCHED_IDLE, new Int32Array(1));
    if (refused) throw new Error(`sched_setscheduler refused SCHED_IDLE for thread ${thread}`);
    const cpu = lastAllowedCpu();
    const cpus = new Uint8Array(CPU_SET_BYTES);
    cpus[cpu >> 3] = 1 << (cpu & 7);
    if (libc.symbols.sched_setaffinity(thread, BigInt(CPU_SET_BYTES), cpus)) {
      throw new Error(`sched_setaffinity refused CPU ${cpu} for thread ${thread}`);
    }
  } finally {
    libc.close();
  }
}

/** The last CPU that this process may use. */
function lastAllowedCpu(): number {
  const status = Deno.readTextFileSync("/proc/self/status");
  return Number(/^Cpus_allowed_list:.*?(\d+)$/m.exec(status)![1]);
}

/** The system's id of one of this process's threads, by its name. */
function systemThread(name: string): number | undefined {
  for (const { name: id } of Deno.readDirSync("/proc/self/task")) {
    if (fileOf(`/proc/self/task/${id}`, "comm")?.trim() === name) return Number(id);
  }
  return undefined;
}
