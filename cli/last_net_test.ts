import assert from "node:assert/strict";

const STRAYS = {
  rejection: `
    void Promise.reject(new Error("stray one"));`,
  uncaught: `
    setTimeout(() => {
      throw new Error("stray one");
    });`,
  // node:worker_threads calls its listeners inside a promise of its own.
  "rejection ": `
    const { Worker } = await import("node:worker_threads");
    const code = "require('node:worker_threads').parentPort.postMessage(1)";
    const worker = new Worker(code, { eval: true });
    worker.on("message", () => {
      throw new Error("stray one");
    });`,
} as const;

/** A process in which something goes astray, with the net or without it. */
async function run(stray: string, net: boolean) {
  const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const source = `
    import { print } from ${at("./print.ts")};
    import { LastNet } from ${at("./last_net.ts")};
    import { configureLogging } from ${at("../config/logging.ts")};
    import { unexpectedErrors } from ${at("../runtime/unexpected.ts")};
    configureLogging("error");
    ${net ? "using _net = new LastNet();" : ""}
    ${stray}
    while (!Object.values(unexpectedErrors()).some((count) => count > 0)) {
      await new Promise((done) => setTimeout(done, 5));
    }
    print(JSON.stringify(unexpectedErrors()));
    Deno.exit(0);`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "-"],
    cwd: new URL("..", import.meta.url),
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode(source));
  await input.close();
  const { code, stdout, stderr } = await child.output();
  const [printed, log] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, printed: printed!, log: log! };
}

for (const [place, stray] of Object.entries(STRAYS)) {
  const where = place.trim();
  Deno.test(`a stray ${where} does not end the service: ${stray.trim().split("\n")[0]}`, async () => {
    const { code, printed, log } = await run(stray, true);
    assert.equal(code, 0, log);
    assert.equal(JSON.parse(printed)[where], 1);
    assert.match(log, new RegExp(`ERROR .*where=${where} error="stray one" stack="at `));
  });
}

Deno.test("without the net, each of these ends a process: it is needed", async () => {
  for (const stray of Object.values(STRAYS)) {
    assert.equal((await run(stray, false)).code, 1);
  }
});
