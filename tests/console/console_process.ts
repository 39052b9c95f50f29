// A console in a process of its own, whose file descriptors can be taken away. It obeys lines: "fill"
// opens files until no more can be opened, "free" closes them; it repeats each line, these and others,
// when it is done.

import { Hono } from "hono";
import { configureLogging } from "../../config/logging.ts";
import { startConsole } from "../../console/server.ts";

configureLogging("info");
// As the service does: Deno prepares for signals once, and needs a descriptor for that.
Deno.addSignalListener("SIGTERM", () => Deno.exit(0));
const app = new Hono().get("/live", (c) => c.text("alive"));
const limits = { reopenMs: 100, watchMs: 300 };
const { url } = await startConsole(app, { hostname: "127.0.0.1", port: 0 }, limits);
const files: Deno.FsFile[] = [];
say(url);
for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  for (const line of chunk.trim().split("\n")) {
    if (line === "fill") fill();
    if (line === "free") { for (const file of files.splice(0)) file.close(); }
    say(line);
  }
}

function fill(): void {
  for (;;) {
    try {
      files.push(Deno.openSync("/dev/null"));
    } catch {
      return; // At its limit, as asked.
    }
  }
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
