// The example of docs/testing.md: a scenario as a user of the kit would write it.

import assert from "node:assert/strict";
import { heardText } from "../../actors/call_record.ts";
import { startService } from "../../cli/service.ts";
import { configureLogging } from "../../config/logging.ts";
import { settingsWith } from "../../config/read_settings.ts";
import { eventually, startSimulator, untilSpokenTo } from "../../testing/mod.ts";
import { spoken } from "../../testing/voice.ts";
import { realTimeTest } from "../real_time.ts";

realTimeTest("a caller whose audio connection breaks is still told the price", async () => {
  configureLogging("error");
  const dataDir = await Deno.makeTempDir();
  await using pbx = await startSimulator();
  await using service = await startService(settingsWith({
    ...pbx.env,
    ASTERISK_LANG: "en",
    CONSOLE_PORT: 0, // A free one.
    DATA_DIR: dataDir,
    LOG_LEVEL: "error",
  }));
  await service.connected;

  await using caller = await pbx.call({ callerNumber: "5550123" });
  await untilSpokenTo(caller.heard, 0); // The greeting, to its end.
  await pbx.cutMedia();
  const { endedAt } = await caller.say(await spoken("What is the price of the machine?"));
  await untilSpokenTo(caller.heard, endedAt);
  await caller.hangUp();

  const [record] = service.switchboard.list();
  await eventually(() => record?.endedAt, "the call has ended");
  assert.equal(record?.restarts.length, 1);
  assert.match(heardText(record.turns.at(-1)!), /price depends/);
  await eventually(async () => {
    const { channels, bridges } = await pbx.leftovers();
    return channels.length + bridges.length === 0;
  }, "nothing is left on the PBX");
});
