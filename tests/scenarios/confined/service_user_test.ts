// The product on a machine that belongs to root, run by a user who owns its data folder and Deno's cache;
// what it leaves there, and what a third user finds out about a call.

import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { eventually, startSimulator, untilSpokenTo } from "../../../testing/mod.ts";
import { everyFile, listedByNobody, readByNobody } from "../../../testing/other_user.ts";
import { ServiceProcess } from "../../chaos/service_process.ts";
import { realTimeTest } from "../../real_time.ts";
import { say } from "../../runner/steps.ts";
import { ask } from "../world.ts";

/** No user of this machine. */
const SERVICE_USER = 65_533;
/** The one thing in DATA_DIR that Asterisk's user must read. */
const PLAYED_BY_THE_PBX = ["busy-handover", "busy-wait", "last-resort"].map((sound) =>
  `prompts/voxbot-${sound}-en.wav`
);

realTimeTest(
  "a user who owns the data folder and Deno's cache runs the service, which leaves nothing elsewhere; " +
    "others read of its calls only what the PBX plays",
  async (t) => {
    const why = await whyNot();
    if (why) return void await t.step({ name: why, ignore: true, fn() {} });
    await using stack = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir({ prefix: "voxbot-" });
    stack.defer(() => Deno.remove(folder, { recursive: true }));
    await Deno.chmod(folder, 0o755);
    const [dataDir, logs, cache, home] = await Promise.all(
      ["data", "logs", "cache", "home"].map(async (name) => {
        await Deno.mkdir(join(folder, name), { mode: 0o755 });
        await Deno.chown(join(folder, name), SERVICE_USER, SERVICE_USER);
        return join(folder, name);
      }),
    ) as [string, string, string, string];
    // Ours may lie where nobody else may go.
    const deno = join(folder, "deno");
    await Deno.copyFile(Deno.execPath(), deno);
    const pbx = stack.use(await startSimulator());
    const service = stack.use(
      new ServiceProcess(logs, {
        ...pbx.env,
        RECORD_CALLS: "1",
        DATA_DIR: dataDir,
        DENO_DIR: cache,
        HOME: home,
      }, { user: { uid: SERVICE_USER, deno } }),
    );
    await service.start();
    await service.ready();
    assert.deepEqual(service.permissions(), service.permissionsNeeded());

    await using caller = await pbx.call();
    await untilSpokenTo(caller.heard, 0);
    await ask(caller, "What is the price of the machine?");
    const seen = [await seenByNobody(dataDir)];
    const [call] = await service.calls();
    assert.match((await service.call(call!.id)).turns[1]!.bot, /price depends/);
    await caller.hangUp();
    await eventually(async () => (await service.call(call!.id)).recording, "it was recorded");
    seen.push(await seenByNobody(dataDir));
    service.signal("SIGTERM");
    assert.equal(await service.ended(15_000), 0);
    seen.push(await seenByNobody(dataDir));

    for (const { files, read, listed } of seen) {
      await say(`of ${files.length} files in DATA_DIR, another user reads ${read.join(", ")}\n`);
      for (const kept of ["journal.sqlite", `recordings/${call!.id}.wav`, "phrase-cache/"]) {
        assert.ok(files.some((path) => path.startsWith(kept)), `no ${kept} in ${files}`);
      }
      assert.deepEqual([...read].sort(), PLAYED_BY_THE_PBX);
      assert.deepEqual(listed, []);
    }
    // onnxruntime-node keeps a device id there if it means to report to its maker.
    assert.deepEqual(await everyFile(home), []);
  },
);

/** What stands in the way of running it as another user here. */
async function whyNot(): Promise<string | undefined> {
  if (Deno.uid() !== 0) return "takes root, to become other users";
  const args = ["-c", "test -r main.ts && test -r node_modules/zod/package.json"];
  const { success } = await new Deno.Command("sh", { args, uid: SERVICE_USER }).output();
  return success ? undefined : "takes a folder of the project that other users may enter";
}

/** All files in the service's folder, and what another user finds out about them. */
async function seenByNobody(dataDir: string) {
  const files = await everyFile(dataDir);
  const read = await readByNobody(files);
  return {
    files: files.map((path) => relative(dataDir, path)),
    read: read.map((path) => relative(dataDir, path)),
    listed: await listedByNobody(dataDir),
  };
}
