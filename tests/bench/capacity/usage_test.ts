import assert from "node:assert/strict";
import {
  cores,
  type CpuReading,
  isolates,
  loads,
  memoryOf,
  serviceThread,
  threadTime,
  ticksOf,
} from "./usage.ts";

Deno.test("a thread's name may have spaces and parentheses", () => {
  const stat = "42 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 9 0 100";
  assert.deepEqual(threadTime(stat), { name: "a (b) c", seconds: 2 });
});

Deno.test("loads are grouped by what threads do, and threads that ended are accounted for", () => {
  const reading = (at: number, seconds: number, threads: [number, string, number][]) => ({
    at,
    seconds,
    threads: new Map(threads.map(([id, name, used]) => [id, { name, seconds: used }])),
  });
  const before: CpuReading = reading(0, 10, [
    [1, "deno", 4],
    [2, "worker-1", 1],
    [3, "worker-2", 2],
  ]);
  const after: CpuReading = reading(10_000, 20, [
    [1, "deno", 6],
    [2, "worker-1", 2],
    [4, "worker-3", 3],
    [5, "worker-4", 1],
  ]);
  assert.deepEqual(isolates(after), [2, 4, 5]);
  const engine = isolates(before).filter((id) => isolates(after).includes(id));
  const found = loads(before, after, serviceThread(1, engine));
  assert.deepEqual(
    found.map(({ name, threads, cores, most }) => [
      name,
      threads,
      cores.toFixed(2),
      most.toFixed(2),
    ]),
    [
      ["calls", 2, "0.40", "0.30"],
      ["(ended)", 0, "0.30", "0.00"],
      ["service thread", 1, "0.20", "0.20"],
      ["engine 1", 1, "0.10", "0.10"],
    ],
  );
  assert.equal(cores(before, after), 1);
});

Deno.test("memory and the machine's ticks are read as the kernel writes them", () => {
  const rollup = "Rss:  4096 kB\nPss:  3072 kB\nPrivate_Clean:  1024 kB\nPrivate_Dirty:  1536 kB\n";
  assert.deepEqual(memoryOf(rollup), { pssMb: 3, ownMb: 2.5 });
  assert.deepEqual(ticksOf("cpu  10 1 5 80 4 0 2 0 0 0\ncpu0 1 2 3\n"), [84, 102]);
});
