import assert from "node:assert/strict";
import { chmodSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LogLines } from "../../testing/log_lines.ts";
import { Journal } from "./journal/journal.ts";
import { noMetrics } from "./metrics.ts";
import { closeDataFolder } from "./data_folder.ts";

/** Runs a script with an empty folder, as a user whose new files all may read. */
async function inFolder(run: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "data-" });
  const umask = Deno.umask(0o022);
  try {
    chmodSync(folder, 0o755);
    await run(folder);
  } finally {
    Deno.umask(umask);
    await Deno.remove(folder, { recursive: true });
  }
}

function mode(path: string): number {
  return statSync(path).mode & 0o7777;
}

Deno.test("nobody else can list the data folder, whatever the umask, and the PBX can pass through it", () =>
  inFolder((folder) => {
    for (const umask of [0o022, 0o077]) {
      Deno.umask(umask);
      const data = join(folder, `data-${umask}`);
      closeDataFolder(data);
      assert.equal(mode(data), 0o711);
    }
  }));

Deno.test("a data folder of an earlier version is closed, with what lies in it", () =>
  inFolder((folder) => {
    writeFileSync(join(folder, "journal.sqlite"), "");
    for (const name of ["recordings", "phrase-cache", "prompts"]) mkdirSync(join(folder, name));
    closeDataFolder(folder);
    assert.equal(mode(folder), 0o711);
    assert.equal(mode(join(folder, "recordings")), 0o700);
    assert.equal(mode(join(folder, "phrase-cache")), 0o700);
    assert.equal(mode(join(folder, "prompts")), 0o755, "the PBX plays what lies here");
  }));

Deno.test("a folder that its owner has closed further is not opened", () =>
  inFolder((folder) => {
    chmodSync(folder, 0o700);
    closeDataFolder(folder);
    assert.equal(mode(folder), 0o700);
  }));

Deno.test("a folder that others use as well keeps its mode, and the operator is told", () =>
  inFolder((folder) => {
    using log = new LogLines();
    writeFileSync(join(folder, "letter.txt"), "");
    closeDataFolder(folder);
    assert.equal(mode(folder), 0o755);
    chmodSync(folder, 0o1777);
    closeDataFolder(folder);
    assert.equal(mode(folder), 0o1777);
    assert.equal(log.warnings.length, 2);
    assert.match(log.warnings[0]!, /DATA_DIR/);
  }));

Deno.test("a data folder that cannot be made costs a warning, not the start", () =>
  inFolder((folder) => {
    using log = new LogLines();
    const file = join(folder, "file");
    writeFileSync(file, "");
    closeDataFolder(join(file, "data"));
    assert.equal(log.warnings.length, 1);
  }));

Deno.test({
  name: "another user of the machine reads nothing in the data folder but the PBX's sounds",
  // Becoming another user takes root.
  ignore: Deno.uid() !== 0,
  fn: () =>
    inFolder(async (folder) => {
      const data = join(folder, "data");
      closeDataFolder(data);
      using journal = Journal.open(join(data, "journal.sqlite"), noMetrics);
      journal.begin({ id: "c1", channelId: "ch1", caller: "***21", startedAt: 1000 }, "5550123");
      assert.equal(journal.liveCalls().length, 1);
      mkdirSync(join(data, "prompts"));
      writeFileSync(join(data, "prompts", "sound.wav"), "sound");
      assert.equal(await asNobody("ls", data), false, "list");
      for (
        const name of ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm", "caller.key"]
      ) {
        assert.ok(statSync(join(data, name)).isFile());
        assert.equal(await asNobody("cat", join(data, name)), false, name);
      }
      assert.equal(await asNobody("cat", join(data, "prompts", "sound.wav")), true);
    }),
});

/** Whether a command succeeds for a user who owns nothing. */
async function asNobody(command: string, path: string): Promise<boolean> {
  const { success } = await new Deno.Command(command, {
    args: [path],
    uid: 65534,
    gid: 65534,
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}
