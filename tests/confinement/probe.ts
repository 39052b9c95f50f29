// What code of a package that has gone bad would try, in the service thread and in an isolate: prints
// as JSON what it achieved. Its arguments: DATA_DIR, a file of another folder, a port of another host.

import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { print } from "../../cli/print.ts";

/** What was tried, and whether it worked. */
export type Achieved = Readonly<Record<string, boolean>>;

interface Targets {
  readonly dataDir: string;
  readonly foreignFile: string;
  readonly foreignPort: number;
}

if (isMainThread) {
  const [dataDir, foreignFile, foreignPort] = Deno.args as [string, string, string];
  const targets: Targets = { dataDir, foreignFile, foreignPort: Number(foreignPort) };
  const service = await achieved(targets);
  const worker = new Worker(new URL(import.meta.url), { workerData: targets });
  const isolate = await new Promise((resolve) => worker.once("message", resolve));
  await worker.terminate();
  print(JSON.stringify({ service, isolate }));
} else {
  parentPort!.postMessage(await achieved(workerData));
}

async function achieved({ dataDir, foreignFile, foreignPort }: Targets): Promise<Achieved> {
  const attempts: Record<string, () => unknown> = {
    "run a shell": () => new Deno.Command("sh", { args: ["-c", "true"] }).outputSync(),
    "read /etc/passwd": () => Deno.readTextFileSync("/etc/passwd"),
    "read another folder": () => Deno.readTextFileSync(foreignFile),
    "write another folder": () => Deno.writeTextFileSync(`${foreignFile}.new`, ""),
    "write its own code": () => Deno.writeTextFileSync("main.ts.new", ""),
    "read .env": () => Deno.readTextFileSync(".env"),
    "connect elsewhere": async () =>
      (await Deno.connect({ hostname: "127.0.0.2", port: foreignPort })).close(),
    "listen elsewhere": () => Deno.listen({ hostname: "127.0.0.2", port: 0 }).close(),
    "load the C library": () => Deno.dlopen("libc.so.6", {}).close(),
    "read its own environment in /proc": () => Deno.readTextFileSync("/proc/self/environ"),
    "learn who runs it": () => Deno.uid(),
    "read the project": () => Deno.readTextFileSync("main.ts"),
    "write DATA_DIR": () => Deno.writeTextFileSync(`${dataDir}/probe`, ""),
  };
  const result: Record<string, boolean> = {};
  for (const [what, attempt] of Object.entries(attempts)) {
    try {
      await attempt();
      result[what] = true;
    } catch (error) {
      // Of any other failure this says nothing: a file that is not there, a port where nobody listens.
      if (!(error instanceof Deno.errors.NotCapable)) throw error;
      result[what] = false;
    }
  }
  return result;
}
