import assert from "node:assert/strict";
import { channelJson, eventJson } from "../../testing/test_ari.ts";
import { parseMessage } from "./events.ts";
import { AriFileControl, type FileCommands } from "./file_control.ts";

Deno.test("only sound after silence counts as talking: TALK_DETECT begins with a report of its own", () => {
  const control = new AriFileControl({} as FileCommands, {
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
  const tell = (type: string, id: string) => {
    const message = parseMessage(eventJson(type, { channel: channelJson(id), duration: 0 }));
    assert(message.kind === "event");
    control.onEvent(message.event);
  };
  tell("ChannelTalkingStarted", "caller");
  tell("ChannelTalkingFinished", "another");
  tell("ChannelTalkingStarted", "caller");
  assert.deepEqual(talking, []);
  tell("ChannelTalkingFinished", "caller");
  tell("ChannelTalkingStarted", "another");
  tell("ChannelTalkingStarted", "caller");
  assert.deepEqual(talking, [false, true]);
});
