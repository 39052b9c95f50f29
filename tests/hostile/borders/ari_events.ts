// ARI's events: over the real events socket, into the one reader of the running service.

import type { Border, Target } from "../border.ts";
import type { Mutator } from "../mutator.ts";
import { leaks } from "../planted.ts";

/** Events on their way to the service at once. */
const AT_ONCE = 500;

const caller = (id: string) => ({
  id,
  name: "PJSIP/trunk-0000001f",
  state: "Up",
  protocol_id: "a84b4c76",
  caller: { name: "Ann", number: "5550100" },
  connected: { name: "", number: "" },
  accountcode: "",
  dialplan: {
    context: "inbound",
    exten: "100",
    priority: 2,
    app_name: "Stasis",
    app_data: "voxbot",
  },
  creationtime: "2026-11-20T10:00:00.000+0000",
  language: "en",
  channelvars: { LANG: "en" },
});
const bridge = {
  id: "b1",
  name: "",
  technology: "simple_bridge",
  bridge_type: "mixing",
  channels: ["1.1"],
};
const playback = (id: string) => ({
  id: "p1",
  media_uri: "sound:hello",
  target_uri: `channel:${id}`,
  state: "playing",
});
const recording = (id: string) => ({
  name: "r1",
  format: "sln16",
  target_uri: `channel:${id}`,
  state: "recording",
  duration: 1,
});

/** Events that a call survives, whatever they hold. */
const HARMLESS = {
  ChannelVarset: { variable: "X", value: "y" },
  ChannelTalkingStarted: {},
  ChannelStateChange: {},
  ChannelEnteredBridge: { bridge },
  StasisStart: { args: [] },
};
/** Events that may end a call if they are true. */
const OTHERS = {
  StasisEnd: {},
  ChannelDestroyed: { cause: 16, cause_txt: "Normal Clearing" },
  ChannelHangupRequest: { cause: 16, soft: false },
  ChannelDtmfReceived: { digit: "5", duration_ms: 120 },
  ChannelTalkingFinished: { duration: 900 },
  ChannelLeftBridge: { bridge },
  BridgeDestroyed: { bridge },
  PlaybackStarted: {},
  PlaybackFinished: {},
  RecordingStarted: {},
  RecordingFinished: {},
  RecordingFailed: {},
  ChannelCreated: {},
  DeviceStateChanged: { device_state: { name: "PJSIP/1", state: "BUSY" } },
};
/** Of the StasisStart events, the share that is left whole: each makes a call that does not exist. */
const WHOLE = 0.02;

/** ARI's events. */
export const ariEvents: Border = {
  name: "ari-events",
  share: 0.22,
  live: true,
  open(target: Target) {
    let sent: Promise<void>[] = [];
    let before = "";
    const settled = async () => {
      await Promise.all(sent);
      sent = [];
    };
    return {
      settled,
      async take(mutator, index) {
        // Now and then the same event twice, or one after its successor.
        const text = before !== "" && mutator.chance(0.03)
          ? before
          : eventText(mutator, index, target);
        before = text;
        sent.push(target.pbx.sendRawEvent(text));
        if (sent.length >= AT_ONCE) await settled();
        return text;
      },
      [Symbol.asyncDispose]: settled,
    };
  },
};

function eventText(mutator: Mutator, index: number, { channels }: Target): string {
  if (mutator.chance(0.02)) {
    return new TextDecoder().decode(mutator.noise(mutator.below(400)));
  }
  const ours = channels.length > 0 && mutator.chance(0.2);
  const kinds = Object.entries(ours ? HARMLESS : { ...HARMLESS, ...OTHERS });
  const [type, facts] = mutator.random.pick(kinds);
  const id = ours ? mutator.random.pick(channels) : `nowhere-${index}.1`;
  const event = {
    type,
    timestamp: "2026-11-20T10:00:00.000+0000",
    application: "voxbot",
    asterisk_id: "02:00:5e:00:53:01",
    ...facts,
    ...!type.startsWith("Playback") && !type.startsWith("Recording") && { channel: caller(id) },
    ...type.startsWith("Playback") && { playback: playback(id) },
    ...type.startsWith("Recording") && { recording: recording(id) },
  };
  if (type === "StasisStart" && mutator.chance(WHOLE)) return JSON.stringify(event);
  const mutated = mutator.json(event);
  return type === "StasisStart" ? withoutPlantedId(mutated, id) : mutated;
}

/**
 * The log names a call's channel by its id, which the PBX makes, or whoever originates the channel
 * chooses: no caller's word gets there.
 */
function withoutPlantedId(text: string, id: string): string {
  try {
    const event = JSON.parse(text);
    if (typeof event?.channel?.id !== "string" || leaks(event.channel.id).length === 0) return text;
    return JSON.stringify({ ...event, channel: { ...event.channel, id } });
  } catch {
    return text; // Broken on purpose.
  }
}
