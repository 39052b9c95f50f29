import assert from "node:assert/strict";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { deprioritise, hungThreads } from "./hung_thread.ts";

const onLinux = { ignore: Deno.build.os !== "linux" };

Deno.test("a hung thread keeps only idle time on one CPU", onLinux, async () => {
  const before = hungThreads("/proc/self");
  // A thread that has not ended; whether it hangs makes no difference here.
  const worker = new Worker("require('node:worker_threads').parentPort.on('message', () => {})", {
    eval: true,
  });
  await once(worker, "online");
  deprioritise("test", worker.threadId);
  const [hung, ...others] = hungThreads("/proc/self").filter((id) => !before.includes(id));
  assert.ok(hung !== undefined && others.length === 0, `threads ${[hung, ...others]}`);
  const status = Deno.readTextFileSync(`/proc/self/task/${hung}/status`);
  assert.match(status, /^Name:\tworker-\d+$/m);
  assert.match(status, /^Cpus_allowed_list:\t\d+$/m, "one CPU");
  await worker.terminate();
});

Deno.test("a thread that has ended is left alone", onLinux, () => {
  const before = hungThreads("/proc/self");
  deprioritise("test", 1_000_000);
  assert.deepEqual(hungThreads("/proc/self"), before);
});

Deno.test("hung threads are found by their policy, whatever their names, even while another thread ends", () => {
  const folder = Deno.makeTempDirSync();
  const addThread = (id: number, name: string, policy: number) => {
    Deno.mkdirSync(`${folder}/task/${id}`, { recursive: true });
    // proc(5): id, name, state, then 37 fields up to the real-time priority, and the policy.
    const fields = Array(37).fill("0").join(" ");
    Deno.writeTextFileSync(`${folder}/task/${id}/stat`, `${id} (${name}) R ${fields} ${policy} 0`);
  };
  addThread(1, "main", 0);
  addThread(2, "worker-7", 5);
  addThread(3, "odd) 5 5 (name", 0);
  addThread(4, "odd) 0 0 (name", 5);
  Deno.mkdirSync(`${folder}/task/5`);
  assert.deepEqual(hungThreads(folder).sort(), ["2", "4"]);
  Deno.removeSync(folder, { recursive: true });
});
