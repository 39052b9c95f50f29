// A whole call over each transport of the simulated PBX, with the product as an operator starts it. On a
// real Asterisk, every scenario of tests/pbx is such a call.

import assert from "node:assert/strict";
import { join } from "node:path";
import { heardText } from "../../../actors/call_record.ts";
import type { Settings } from "../../../config/settings.ts";
import { eventually, firstSoundAfter, startSimulator } from "../../../testing/mod.ts";
import { spoken } from "../../../testing/voice.ts";
import { realTimeTest } from "../../real_time.ts";
import { ask, asked, World } from "../world.ts";

const QUESTION = "What is the price of the machine?";

const root = await Deno.makeTempDir();
const folders = { dataDir: join(root, "data"), spoolDir: join(root, "spool") };
const ASTERISK_SOUNDS_DIR = join(folders.dataDir, "sounds");
const ASTERISK_RECORDING_DIR = join(folders.spoolDir, "recording");
for (const folder of [ASTERISK_SOUNDS_DIR, ASTERISK_RECORDING_DIR]) {
  await Deno.mkdir(folder, { recursive: true });
}
const simulator = await startSimulator({ folders });
Deno.test.afterAll(async () => {
  await simulator[Symbol.asyncDispose]();
  await Deno.remove(root, { recursive: true });
});

const TRANSPORTS: readonly Partial<Settings>[] = [
  { MEDIA_TRANSPORT: "websocket" },
  { MEDIA_TRANSPORT: "audiosocket" },
  { MEDIA_TRANSPORT: "rtp" },
  { MEDIA_TRANSPORT: "files", ASTERISK_SOUNDS_DIR, ASTERISK_RECORDING_DIR },
];
for (const settings of TRANSPORTS) {
  realTimeTest(
    `${settings.MEDIA_TRANSPORT}: with the permissions of \`deno task start\` and no others, a caller is ` +
      "answered, talks over the bot, survives a crash and hangs up",
    async () => {
      await using world = await World.start(simulator, settings, true);
      try {
        await wholeCall(world);
      } finally {
        await world.hangUpAll();
      }
    },
  );
}

async function wholeCall(world: World): Promise<void> {
  const { caller, record } = await world.greeted();
  const { endedAt } = await caller.say(await spoken("Tell me about the installation."));
  const answer = await eventually(() => firstSoundAfter(caller.heard, endedAt), "the bot answers");
  await eventually(() => performance.now() > answer + 1000, "a second of it was heard");
  const question = ask(caller, QUESTION);
  await eventually(() => asked(record).length === 2 && record.phase === "speaking", "it answers");
  assert.ok(await world.service.switchboard.injectFault(record.id, "throw"));
  await eventually(() => record.restarts.length > 0, "the isolate was replaced");
  await question;
  await eventually(() => record.phase === "listening", "the answer was heard to its end");
  await ask(caller, QUESTION);
  await caller.hangUp();
  await eventually(() => record.endedAt, "the call has ended");
  await world.nothingLeft();

  const [cut, resumed, last] = asked(record);
  assert.equal(cut!.interrupted, true);
  for (const { phrases } of [resumed!, last!]) assert.ok(phrases.every(({ heard }) => heard));
  assert.match(heardText(resumed!), /price depends/);
  assert.match(heardText(last!), /price depends/);
  assert.deepEqual(record.restarts.map(({ reason }) => reason), ["crash"]);
  assert.equal(record.endReason, "hangup");
  assert.ok(world.service.switchboard.recordingPath(record.id), "it was recorded");
}
