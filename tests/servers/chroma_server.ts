// A real Chroma server for tests and benchmarks, from the npm package `chromadb`. It is not a dependency
// of the project, because its native part takes 400 MB: `deno run -A
// tests/servers/chroma_server.ts` puts it into the checkout's ignored `.cache/chroma`.

import { fileURLToPath } from "node:url";

/** The newest release whose binary runs on glibc 2.36 (Debian 12); later ones need 2.39. */
const PACKAGE = "chromadb@3.0.0";
const FOLDER = fileURLToPath(new URL("../../.cache/chroma", import.meta.url));
const COMMAND = `${FOLDER}/node_modules/chromadb/dist/cli.mjs`;
/** The longest wait for the server to answer. */
const START_TIMEOUT_MS = 30_000;

/** A running server with an empty store. Disposing of it stops it and deletes the store. */
export interface ChromaServer extends AsyncDisposable {
  /** The value for CHROMA_URL. */
  readonly url: string;
  /** Process id, for measuring. */
  readonly pid: number;
}

/** Whether `installChroma` has run. */
export async function chromaInstalled(): Promise<boolean> {
  try {
    return (await Deno.stat(COMMAND)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Installs the server into `.cache/chroma`; npm shows its progress. */
export async function installChroma(): Promise<void> {
  await Deno.mkdir(FOLDER, { recursive: true });
  const npm = new Deno.Command("npm", {
    args: ["install", "--prefix", FOLDER, "--no-save", "--no-audit", "--no-fund", PACKAGE],
    stdout: "inherit",
    stderr: "inherit",
  });
  const { success } = await npm.output();
  if (!success) throw new Error(`npm could not install ${PACKAGE}; its messages are above`);
}

/** Starts a server on a free loopback port and waits until it answers. */
export async function startChroma(): Promise<ChromaServer> {
  const store = await Deno.makeTempDir({ prefix: "chroma-" });
  const port = freePort();
  const child = new Deno.Command("node", {
    args: [COMMAND, "run", "--path", store, "--host", "127.0.0.1", "--port", String(port)],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const url = `http://127.0.0.1:${port}`;
  const server: ChromaServer = {
    url,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      // Chroma ignores SIGTERM while a client is connected.
      child.kill("SIGKILL");
      await child.status;
      await Deno.remove(store, { recursive: true });
    },
  };
  try {
    await untilAnswering(`${url}/api/v2/heartbeat`, child.status);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return server;
}

async function untilAnswering(url: string, ended: Promise<Deno.CommandStatus>): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  let exit: Deno.CommandStatus | undefined;
  void ended.then((status) => exit = status);
  while (performance.now() < deadline) {
    if (exit) throw new Error(`Chroma ended with code ${exit.code} before it answered`);
    const response = await fetch(url).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok) return;
    await new Promise((resume) => setTimeout(resume, 50));
  }
  throw new Error(`Chroma did not answer at ${url} within ${START_TIMEOUT_MS} ms`);
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

if (import.meta.main) await installChroma();
