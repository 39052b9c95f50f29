// The process's own metrics: prom-client's, but for those that it reads in /proc. Deno 2.9.6 lets only
// a process with all permissions read there, and the service has few: docs/security.md.

import { collectDefaultMetrics, Gauge, type Registry } from "prom-client";

/** Without /proc, prom-client shows these as 0. */
const OF_PROC = [
  "process_resident_memory_bytes",
  "process_virtual_memory_bytes",
  "process_heap_bytes",
  "process_open_fds",
];

/** Adds what prom-client measures; resident memory comes from Deno, and what cannot be known is absent. */
export function processMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  for (const name of OF_PROC) registry.removeSingleMetric(name);
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Resident memory size in bytes.",
    registers: [registry],
    collect() {
      this.set(Deno.memoryUsage().rss);
    },
  });
}
