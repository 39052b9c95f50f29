import assert from "node:assert/strict";
import type { AriCommands } from "./commands.ts";
import type { AriEvent } from "./events.ts";
import { AriFileControl } from "./file_control.ts";

Deno.test("only sound after silence counts as talking: TALK_DETECT begins with a report of its own", () => {
  const control = new AriFileControl({} as AriCommands, {
    channelId: "caller",
    snoopId: "snoop",
    app: "voxbot",
  });
  const talking: boolean[] = [];
  control.listen({
    onPlaybackStarted() {},
    onPlaybackFinished() {},
    onRecordingEnded() {},
    onTalking: (now) => talking.push(now),
  });
  const tell = (type: string, id: string) =>
    control.onEvent({ type, channel: { id } } as unknown as AriEvent);
  tell("ChannelTalkingStarted", "caller");
  tell("ChannelTalkingFinished", "another");
  tell("ChannelTalkingStarted", "caller");
  assert.deepEqual(talking, []);
  tell("ChannelTalkingFinished", "caller");
  tell("ChannelTalkingStarted", "another");
  tell("ChannelTalkingStarted", "caller");
  assert.deepEqual(talking, [false, true]);
});
