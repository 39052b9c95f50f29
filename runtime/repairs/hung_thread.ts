// Makes a thread that nothing can end harmless.
//
// A repair of Deno 2.9.6: `terminate()` of a worker in an endless loop returns, yet the loop keeps
// running and takes a core until the process ends. Upstream: pull request 35657 of denoland/deno,
// whose discussion confirms it. Why the thread is deprioritised: docs/decisions/hung-threads.md.
//
// Delete when `terminate()` ends such a thread: actors/otp/isolate_test.ts hangs one.

import { logger } from "../../config/logging.ts";

const log = logger("isolate");

/**
 * sched(7), linux/sched.h: runs only when no other thread wants to. The lowest niceness still takes
 * a share, 15 parts to a call's 1024 (SCHED_IDLE: 3; the weights of kernel/sched/core.c), and does
 * not yield immediately to a thread that wakes up.
 */
const SCHED_IDLE = 5;
/** sched_setaffinity(2): a set of 1024 CPUs, one bit each. */
const CPU_SET_BYTES = 128;

/**
 * Leaves a worker's thread only the CPU time that nobody else wants, so that a hung call costs its
 * neighbours nothing. A thread that is about to end is not harmed. Linux only: elsewhere a thread's
 * priority cannot be set from outside. Without all permissions (HUNG_THREADS_IDLE), it only logs.
 *
 * @param isolate its name, for the log.
 * @param threadId the worker's `threadId`, read while it was alive.
 */
export function deprioritise(isolate: string, threadId: number): void {
  if (Deno.build.os !== "linux") return;
  if (!mayDoAll()) {
    log.warn(
      "an isolate was ended; if its thread hangs, it takes a core from the calls until the next " +
        "restart of the service, or with HUNG_THREADS_IDLE=true what nobody else wants",
      { isolate },
    );
    return;
  }
  try {
    const thread = threadNamed(`worker-${threadId}`);
    if (thread === undefined) return;
    runWhenIdle(thread);
    log.warn("a hung thread cannot be ended; it keeps running on CPU time that nobody else wants", {
      isolate,
      thread,
    });
  } catch (error) {
    log.error("a hung thread keeps running and takes CPU time from the calls", { isolate, error });
  }
}

/**
 * Whether this process may read /proc and call the C library. Deno 2.9.6 lets only a process with all
 * permissions read /proc/self/task, and there is no question about that one: FFI stands for it.
 */
function mayDoAll(): boolean {
  return Deno.permissions.querySync({ name: "ffi" }).state === "granted";
}

/** The ids of a process's deprioritised threads; `folder` is its folder in /proc (Linux). */
export function hungThreads(folder: string): string[] {
  const threads = [...Deno.readDirSync(`${folder}/task`)].map(({ name }) => name);
  return threads.filter((thread) => policyOf(`${folder}/task/${thread}`) === SCHED_IDLE);
}

/** A thread's scheduling policy; undefined when the thread has just ended. */
function policyOf(folder: string): number | undefined {
  const stat = readThreadFile(folder, "stat");
  // proc(5): the 39th field after the parenthesised name.
  return stat === undefined
    ? undefined
    : Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[38]);
}

/** A file in a thread's folder in /proc; undefined when the thread has just ended. */
function readThreadFile(folder: string, name: string): string | undefined {
  try {
    return Deno.readTextFileSync(`${folder}/${name}`);
  } catch (error) {
    // Of a thread that ends during the read, the read fails with ESRCH, which has no class in Deno.
    if (error instanceof Deno.errors.NotFound || /os error 3\b/.test(String(error))) {
      return undefined;
    }
    throw error;
  }
}

/**
 * Deprioritises a thread and pins it to one CPU, the same for all such threads: a CPU that is never
 * idle does not pull waiting work from the others.
 *
 * @throws {Error} when the C library is not found or refuses.
 */
function runWhenIdle(thread: number): void {
  const libc = Deno.dlopen("libc.so.6", {
    sched_setscheduler: { parameters: ["i32", "i32", "buffer"], result: "i32" },
    sched_setaffinity: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  });
  try {
    // struct sched_param is one int, the priority, which must be 0 for this policy.
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

/** The number of the last CPU that this process may use. */
function lastAllowedCpu(): number {
  const status = Deno.readTextFileSync("/proc/self/status");
  return Number(/^Cpus_allowed_list:.*?(\d+)$/m.exec(status)![1]);
}

/** The system's id of this process's thread with that name. */
function threadNamed(name: string): number | undefined {
  for (const { name: id } of Deno.readDirSync("/proc/self/task")) {
    if (readThreadFile(`/proc/self/task/${id}`, "comm")?.trim() === name) return Number(id);
  }
  return undefined;
}
