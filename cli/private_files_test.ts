// What a user of the machine who has nothing to do with the bot can read of its data folder.

import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { PreparedSpeech } from "../actors/call/prepared.ts";
import { closeDataFolder } from "../actors/service/data_folder.ts";
import { Journal } from "../actors/service/journal/journal.ts";
import { noMetrics } from "../actors/service/metrics.ts";
import { PromptsFile } from "../config/prompts.ts";
import { settingsWith } from "../config/read_settings.ts";
import { Recorder } from "../media/recorder.ts";
import { PhraseCache } from "../speech/failover/phrase_cache.ts";
import { everyFile, listedByNobody, readByNobody } from "../testing/other_user.ts";

/** What the PBX plays by itself. */
const SOUNDS = ["busy-handover", "busy-wait", "last-resort"].map((sound) =>
  `prompts/voxbot-${sound}-en.wav`
);

for (const umask of [0o000, 0o022, 0o077]) {
  Deno.test({
    name: `under umask ${umask.toString(8)}, another user reads only what the PBX must play`,
    // Becoming another user takes root.
    ignore: Deno.uid() !== 0,
    fn: async () => {
      await using stack = new AsyncDisposableStack();
      const folder = await Deno.makeTempDir();
      stack.defer(() => Deno.remove(folder, { recursive: true }));
      await Deno.chmod(folder, 0o755);
      const before = Deno.umask(umask);
      stack.defer(() => void Deno.umask(before));
      const dataDir = join(folder, "data");
      await afterACall(dataDir);
      const kept = await everyFile(dataDir);
      const names = kept.map((path) => relative(dataDir, path));
      for (const name of ["recordings/one.wav", "phrase-cache", "journal.sqlite", ...SOUNDS]) {
        assert.ok(names.some((found) => found.startsWith(name)), `there is no ${name}`);
      }
      const readable = (await readByNobody(kept)).map((path) => relative(dataDir, path));
      assert.deepEqual(readable.sort(), SOUNDS);
      assert.deepEqual(await listedByNobody(dataDir), []);
    },
  });
}

Deno.test("a recording that an earlier version left open to all is closed when it is continued", async () => {
  const folder = await Deno.makeTempDir();
  const path = join(folder, "one.wav");
  await (await Recorder.open(path, 0))[Symbol.asyncDispose]();
  await Deno.chmod(path, 0o644);
  await (await Recorder.open(path, 0))[Symbol.asyncDispose]();
  assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  await Deno.remove(folder, { recursive: true });
});

/** A data folder as a call leaves it. */
async function afterACall(dataDir: string): Promise<void> {
  closeDataFolder(dataDir);
  using journal = Journal.open(join(dataDir, "journal.sqlite"), noMetrics);
  journal.begin({ id: "c1", channelId: "ch1", caller: "***21", startedAt: 1000 }, "5550123");
  journal.liveCalls();
  await (await Recorder.open(join(dataDir, "recordings", "one.wav"), 0))[Symbol.asyncDispose]();
  await new PhraseCache(join(dataDir, "phrase-cache"), 1e6).put("a phrase", new Int16Array(100));
  const settings = settingsWith({ ASTERISK_LANG: "en", DATA_DIR: dataDir });
  const voice = {
    name: "fake",
    async *synthesize() {
      yield await Promise.resolve(new Int16Array(3200));
    },
  };
  await new PreparedSpeech(voice, settings).render(
    await (await PromptsFile.open(settings)).current(),
  );
}
