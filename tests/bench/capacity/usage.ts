// What a process uses, from Linux's /proc: CPU by thread, and memory.

/** A thread's name, and the CPU seconds that it has used. */
export interface ThreadTime {
  readonly name: string;
  readonly seconds: number;
}

/** A process's threads by id, and the CPU seconds of the whole process, ended threads included. */
export interface CpuReading {
  /** `performance.now()`. */
  readonly at: number;
  readonly threads: ReadonlyMap<number, ThreadTime>;
  readonly seconds: number;
}

/** The share of one core that some threads of one name used between two readings. */
export interface ThreadLoad {
  readonly name: string;
  readonly threads: number;
  /** 1 is one core. */
  readonly cores: number;
  /** The busiest of them. */
  readonly most: number;
}

/** Ended threads have no name any more. */
const ENDED = "(ended)";

/** Reads a process's threads now. */
export function readCpu(pid: number): CpuReading {
  const threads = new Map<number, ThreadTime>();
  for (const { name: id } of Deno.readDirSync(`/proc/${pid}/task`)) {
    const stat = readIfThere(`/proc/${pid}/task/${id}/stat`);
    if (stat !== undefined) threads.set(Number(id), threadTime(stat));
  }
  const { seconds } = threadTime(Deno.readTextFileSync(`/proc/${pid}/stat`));
  return { at: performance.now(), threads, seconds };
}

/** A line of `stat` (proc(5)): the name in parentheses, and fields 14 and 15 in hundredths of a second. */
export function threadTime(stat: string): ThreadTime {
  const end = stat.lastIndexOf(")");
  const [user, system] = stat.slice(end + 2).split(" ").slice(11, 13).map(Number);
  return { name: stat.slice(stat.indexOf("(") + 1, end), seconds: (user! + system!) / 100 };
}

/**
 * The loads between two readings, largest first.
 *
 * @param nameOf what a thread is called; those of one name are taken together.
 */
export function loads(
  before: CpuReading,
  after: CpuReading,
  nameOf: (id: number, name: string) => string,
): ThreadLoad[] {
  const seconds = (after.at - before.at) / 1000;
  const byName = new Map<string, { threads: number; cores: number; most: number }>();
  let accounted = 0;
  for (const [id, { name, seconds: used }] of after.threads) {
    const spent = used - (before.threads.get(id)?.seconds ?? 0);
    accounted += spent;
    const load = byName.get(nameOf(id, name)) ?? { threads: 0, cores: 0, most: 0 };
    byName.set(nameOf(id, name), {
      threads: load.threads + 1,
      cores: load.cores + spent / seconds,
      most: Math.max(load.most, spent / seconds),
    });
  }
  const ended = (after.seconds - before.seconds - accounted) / seconds;
  if (ended > 0.005) byName.set(ENDED, { threads: 0, cores: ended, most: 0 });
  return [...byName].map(([name, load]) => ({ name, ...load }))
    .toSorted((a, b) => b.cores - a.cores);
}

/**
 * Names the service's threads. Isolates are "worker-1", "worker-2" and so on; those that were there
 * before the first call and outlive it are the engine's.
 */
export function serviceThread(
  pid: number,
  engine: readonly number[],
): (id: number, name: string) => string {
  return (id, name) => {
    if (id === pid) return "service thread";
    if (engine.includes(id)) return `engine ${engine.indexOf(id) + 1}`;
    return name.startsWith("worker-") ? "calls" : name.replace(/[-_ :]?\d+$/, "");
  };
}

/** The isolates' threads, in order of their start. */
export function isolates({ threads }: CpuReading): number[] {
  return [...threads].filter(([, { name }]) => name.startsWith("worker-")).map(([id]) => id)
    .toSorted((a, b) => a - b);
}

/** All cores that a process used between two readings. */
export function cores(before: CpuReading, after: CpuReading): number {
  return (after.seconds - before.seconds) * 1000 / (after.at - before.at);
}

/** The share of the machine that was idle: `/proc/stat`'s first line, as [idle, all] ticks. */
export function machineTicks(): readonly [idle: number, all: number] {
  return ticksOf(Deno.readTextFileSync("/proc/stat"));
}

/** Reads `/proc/stat` (proc(5)): user, nice, system, idle, iowait, irq, softirq, steal. */
export function ticksOf(stat: string): readonly [idle: number, all: number] {
  const ticks = stat.split("\n")[0]!.split(/\s+/).slice(1, 9).map(Number);
  return [ticks[3]! + ticks[4]!, ticks.reduce((sum, one) => sum + one, 0)];
}

/** Memory in MB, from `smaps_rollup`: with its share of shared pages, and its own alone. */
export function readMemory(pid: number): { readonly pssMb: number; readonly ownMb: number } {
  return memoryOf(Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`));
}

/** Reads the text of `smaps_rollup` (proc(5)). */
export function memoryOf(rollup: string): { readonly pssMb: number; readonly ownMb: number } {
  const mb = (name: string) =>
    Number(rollup.match(new RegExp(`^${name}:\\s+(\\d+) kB`, "m"))?.[1] ?? NaN) / 1024;
  return { pssMb: mb("Pss"), ownMb: mb("Private_Clean") + mb("Private_Dirty") };
}

function readIfThere(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    // The thread has just ended: the file is gone, or its process is (ESRCH).
    if (error instanceof Deno.errors.NotFound || String(error).includes("os error 3")) {
      return undefined;
    }
    throw error;
  }
}
