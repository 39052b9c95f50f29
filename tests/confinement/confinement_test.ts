// Least privilege, as processes started by the command of `deno task start` have it.

import assert from "node:assert/strict";
import { join } from "node:path";
import { ROOT } from "../runner/steps.ts";
import type { Achieved } from "./probe.ts";
import { START_TASK } from "./start_task.ts";

/** Achieved by the service and by an isolate of a process that has the flags of `task start`. */
async function probe(
  env: Readonly<Record<string, string>>,
): Promise<{ readonly service: Achieved; readonly isolate: Achieved }> {
  const [dataDir, foreign] = [await Deno.makeTempDir(), await Deno.makeTempDir()];
  const foreignFile = join(foreign, "id_ed25519");
  await Deno.writeTextFile(foreignFile, "planted");
  using listener = Deno.listen({ hostname: "127.0.0.2", port: 0 });
  const dotEnv = new URL(".env", ROOT);
  const madeDotEnv = await Deno.writeTextFile(dotEnv, "", { createNew: true })
    .then(() => true, () => false);
  try {
    const { stdout, stderr } = await new Deno.Command("sh", {
      args: [
        "-c",
        `${START_TASK.replace("main.ts start", "tests/confinement/probe.ts")} "$@"`,
        Deno.execPath(),
        dataDir,
        foreignFile,
        String(listener.addr.port),
      ],
      cwd: ROOT,
      env: { DATA_DIR: dataDir, ...env },
    }).output();
    const text = new TextDecoder().decode(stdout);
    assert.match(text, /^\{/, new TextDecoder().decode(stderr));
    return JSON.parse(text);
  } finally {
    if (madeDotEnv) await Deno.remove(dotEnv);
    await Deno.remove(new URL("main.ts.new", ROOT)).catch(() => undefined);
    for (const folder of [dataDir, foreign]) await Deno.remove(folder, { recursive: true });
  }
}

const NEEDED = ["read the project", "write DATA_DIR"];

Deno.test("neither the service nor an isolate can run, read, write or reach what the settings do not name", async () => {
  const { service, isolate } = await probe({});
  for (const achieved of [service, isolate]) {
    const did = Object.keys(achieved).filter((what) => achieved[what]);
    assert.deepEqual(did, NEEDED);
    assert.ok(Object.keys(achieved).length > 10);
  }
});

Deno.test("ALLOW_NET opens the hosts that it names, and nothing else", async () => {
  const { isolate } = await probe({ ALLOW_NET: "127.0.0.2" });
  const did = Object.keys(isolate).filter((what) => isolate[what]);
  assert.deepEqual(did, ["connect elsewhere", "listen elsewhere", ...NEEDED]);
});

Deno.test("the service account's key can be read once, and by nothing that runs later", async () => {
  const folder = await Deno.makeTempDir();
  const key = join(folder, "key.json");
  await Deno.writeTextFile(key, "planted");
  const { stdout, stderr } = await new Deno.Command("sh", {
    args: [
      "-c",
      START_TASK.replace("main.ts start", "tests/confinement/key_probe.ts"),
      Deno.execPath(),
    ],
    cwd: ROOT,
    env: { YANDEX_SERVICE_ACCOUNT_KEY_FILE: key },
  }).output();
  await Deno.remove(folder, { recursive: true });
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.equal(decode(stdout), "read refused read\n", decode(stderr));
});

Deno.test("wrong settings are named by the service itself, under the flags of a refusal, with exit code 2", async () => {
  const { code, stderr } = await new Deno.Command("sh", {
    args: ["-c", START_TASK, Deno.execPath()],
    cwd: ROOT,
    env: { CONSOLE_PORT: "ninety", DATA_DIR: "/tmp/has space" },
  }).output();
  const said = new TextDecoder().decode(stderr);
  assert.equal(code, 2, said);
  assert.match(said, /CONSOLE_PORT="ninety" must be/);
  assert.match(said, /DATA_DIR="\/tmp\/has space" must be without spaces/);
  assert.doesNotMatch(said, /NotCapable/);
});

Deno.test("with the permissions of start, systemd is told how the service is", async () => {
  const dataDir = await Deno.makeTempDir();
  const path = join(dataDir, "notify");
  const manager = Deno.listenDatagram({ transport: "unixpacket", path });
  const heard = async () => new TextDecoder().decode((await manager.receive())[0]);
  const { success, stderr } = await new Deno.Command("sh", {
    args: [
      "-c",
      START_TASK.replace("main.ts start", "tests/confinement/notify_probe.ts"),
      Deno.execPath(),
    ],
    cwd: ROOT,
    env: { DATA_DIR: dataDir, NOTIFY_SOCKET: path },
  }).output();
  const said = new TextDecoder().decode(stderr);
  assert.ok(success && !said.includes("cannot be told"), said);
  assert.deepEqual([await heard(), await heard()], ["READY=1", "STOPPING=1"]);
  manager.close();
  await Deno.remove(dataDir, { recursive: true });
});
