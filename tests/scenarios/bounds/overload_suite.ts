// More callers than lines: what the one too many hears, by OVERLOAD. Each scenario runs on the simulated
// PBX and on a real Asterisk.

import assert from "node:assert/strict";
import { join } from "node:path";
import type { Settings } from "../../../config/settings.ts";
import { durationMs } from "../../../media/frame.ts";
import { eventually, type TestCaller, type TestPbx } from "../../../testing/mod.ts";
import { audioOf, hears, lastMs, likeness, load, toneShare } from "../../pbx/listening.ts";
import { realTimeTest } from "../../real_time.ts";
import { World } from "../world.ts";

/** What the caller hears in the fallback context (asterisk/etc/extensions.conf). */
const FALLBACK_HZ = 440;

/** Where the scenarios run. */
export interface OverloadStage {
  readonly pbx: TestPbx;
  /** The PBX's folder of sounds, on this machine. */
  readonly soundsDir: string;
  /** An extension that leads to the bot without being answered first. */
  readonly unanswered: string;
}

/** Defines the scenarios. */
export function overloads({ pbx, soundsDir, unanswered }: OverloadStage): void {
  const start = (changes: Partial<Settings>) =>
    World.start(pbx, { ASTERISK_SOUNDS_DIR: soundsDir, ...changes });

  realTimeTest(
    "the third caller of two lines hears that they are busy, and the greeting once one is free",
    async () => {
      await using world = await start({ MAX_CALLS: 2, OVERLOAD: "queue" });
      const notice = await noticeOf(soundsDir, "busy-wait");
      const first = await world.called();
      const second = await world.called();
      await using third = await pbx.call();
      await third.answered;
      await hearsNotice(third, notice);
      assert.equal(world.service.switchboard.size, 2);
      await first.caller.hangUp();
      const record = await eventually(
        () =>
          world.service.switchboard.list().find(({ id }) =>
            id !== first.record.id && id !== second.record.id
          ),
        "the third caller's call begins",
      );
      await eventually(() => record.phase === "listening", "the greeting was heard to its end");
      assert.deepEqual(record.turns.flatMap(({ phrases }) => phrases.map(({ heard }) => heard)), [
        true,
      ]);
      await third.hangUp();
      await second.caller.hangUp();
      await world.nothingLeft();
    },
  );

  realTimeTest(
    "with OVERLOAD=fallback a caller too many is told so before the operators",
    async () => {
      await using world = await start({
        MAX_CALLS: 1,
        OVERLOAD: "fallback",
        ARI_FALLBACK_CONTEXT: "voxbot-fallback",
      });
      const notice = await noticeOf(soundsDir, "busy-handover");
      const first = await world.called();
      await using second = await pbx.call();
      await second.answered;
      await hearsNotice(second, notice);
      await eventually(
        () => toneShare(lastMs(second.heard, 400), FALLBACK_HZ) > 0.9,
        "the operators have them",
      );
      await second.hangUp();
      await first.caller.hangUp();
      await world.nothingLeft();
    },
  );

  realTimeTest("with OVERLOAD=busy a caller too many hears a busy line, unanswered", async () => {
    await using world = await start({ MAX_CALLS: 1, OVERLOAD: "busy" });
    const first = await world.called();
    await using second = await pbx.call({ extension: unanswered });
    await assert.rejects(second.answered);
    assert.match(await second.ended, /486|busy/i);
    await first.caller.hangUp();
    await world.nothingLeft();
  });
}

/** The notice, once an isolate has rendered it. */
async function noticeOf(soundsDir: string, name: string): Promise<Int16Array> {
  const path = join(soundsDir, `voxbot-${name}-en.wav`);
  await eventually(
    () => Deno.stat(path).then(({ size }) => size > 0, () => false),
    `${name} is rendered`,
  );
  return await load(path);
}

async function hearsNotice(caller: TestCaller, notice: Int16Array): Promise<void> {
  let alike = 0;
  // On a busy machine a frame of it may be late: who waits hears it again.
  for (let times = 0; times < 2 && alike < 0.9; times++) {
    const before = caller.heard.length;
    // Half a second for the PBX to begin.
    await hears(caller, durationMs(notice.length) + 500);
    alike = likeness(notice, audioOf(caller.heard.slice(before)));
  }
  assert.ok(alike > 0.9, `what was heard is like the notice by ${alike}`);
}
