// What each ARI operation does. Statuses and messages are those of a real Asterisk 22.10.1.

import { writeWav } from "../../../media/wav.ts";
import { ASTERISK_ID } from "./applications.ts";
import type { Nickname, Resource } from "./api_operations.ts";
import type { SimulatedChannel } from "../pbx/channel.ts";
import { externalMedia } from "../pbx/external_media.ts";
import { hangupCause } from "./hangup_reasons.ts";
import type { OperationContext, OperationReply, Parameters } from "./operation.ts";
import type { SimulatedPbx } from "../pbx/pbx.ts";
import { SnoopChannel } from "../pbx/snoop_channel.ts";
import { ariDate, AriFailure } from "./wire.ts";

type Handler = (
  context: OperationContext,
  params: Parameters,
) => OperationReply | Promise<OperationReply>;

const DONE: OperationReply = { status: 204 };

/** Every operation's handler. */
export const HANDLERS: { readonly [R in Resource]: Readonly<Record<Nickname<R>, Handler>> } = {
  applications: {
    list: ({ pbx }) =>
      ok(
        pbx.applications.listed((name) => inApp(pbx, name).length > 0)
          .map((name) => application(pbx, name)),
      ),
    get: ({ pbx }, params) => {
      const name = params.text("applicationName") ?? "";
      if (!pbx.applications.listed((app) => inApp(pbx, app).length > 0).includes(name)) {
        throw new AriFailure(404, "Application not found");
      }
      return ok(application(pbx, name));
    },
  },
  asterisk: {
    getInfo: ({ version, startedAt }, params) => {
      const info = {
        build: {
          os: "Linux",
          kernel: "simulated",
          machine: "simulated",
          options: "",
          date: startedAt,
          user: "",
        },
        system: { version, entity_id: ASTERISK_ID },
        config: { name: "", default_language: "en", setid: { user: "", group: "" } },
        status: { startup_time: startedAt, last_reload_time: startedAt },
      };
      const only = params.all("only").flatMap((value) => value.split(",")).filter(Boolean);
      if (only.length === 0) return ok(info);
      return ok(Object.fromEntries(Object.entries(info).filter(([part]) => only.includes(part))));
    },
    getGlobalVar: ({ folders }, params) => {
      const name = params.text("variable");
      if (name === undefined) throw new AriFailure(400, "Variable name is required");
      const known = { ASTDATADIR: folders?.dataDir, ASTSPOOLDIR: folders?.spoolDir };
      return ok({ value: known[name as keyof typeof known] ?? "" });
    },
    ping: () => ok({ ping: "pong", timestamp: ariDate(), asterisk_id: ASTERISK_ID }),
    listModules: ({ modules }) => ok(modules.map(module)),
    getModule: ({ modules }, params) => {
      const name = params.text("moduleName") ?? "";
      if (!modules.includes(name)) {
        throw new AriFailure(404, "Module could not be found in running modules");
      }
      return ok(module(name));
    },
  },
  bridges: {
    list: ({ pbx }) => ok([...pbx.bridges.values()].map((bridge) => bridge.toJson())),
    create: createBridge,
    createWithId: createBridge,
    get: ({ pbx }, params) => ok(pbx.bridge(params.text("bridgeId") ?? "").toJson()),
    destroy: ({ pbx }, params) => {
      pbx.destroyBridge(pbx.bridge(params.text("bridgeId") ?? ""));
      return DONE;
    },
    addChannel: async (context, params) => {
      const { bridge, channels } = bridgeAndChannels(context, params);
      for (const channel of channels) {
        await playedOut(context.pbx, channel);
        context.pbx.addToBridge(bridge, channel);
      }
      return DONE;
    },
    removeChannel: async (context, params) => {
      const { bridge, channels } = bridgeAndChannels(context, params);
      for (const channel of channels) {
        await playedOut(context.pbx, channel);
        context.pbx.removeFromBridge(bridge, channel);
      }
      return DONE;
    },
  },
  channels: {
    list: ({ pbx }) => ok([...pbx.channels.values()].map((channel) => channel.toJson())),
    get: ({ pbx }, params) => ok(pbx.channel(params.text("channelId") ?? "").toJson()),
    externalMedia,
    hangup: ({ pbx }, params) => {
      const channel = pbx.channel(params.text("channelId") ?? "");
      pbx.hangUp(channel, hangupCause(params), { cause: 32, soft: true });
      return DONE;
    },
    answer: async ({ pbx }, params) => {
      const channel = pbx.stasisChannel(params.text("channelId") ?? "");
      await playedOut(pbx, channel);
      pbx.answer(channel);
      return DONE;
    },
    continueInDialplan: ({ pbx }, params) => {
      const channel = pbx.stasisChannel(params.text("channelId") ?? "");
      const place = { context: params.text("context"), exten: params.text("extension") };
      return {
        ...DONE,
        afterwards: () => onceFree(pbx, channel, () => pbx.continueInDialplan(channel, place)),
      };
    },
    move: ({ pbx }, params) => {
      const channel = pbx.stasisChannel(params.text("channelId") ?? "");
      const app = required(params, "app");
      const args = params.text("appArgs")?.split(",") ?? [];
      return {
        ...DONE,
        afterwards: () => onceFree(pbx, channel, () => pbx.move(channel, app, args)),
      };
    },
    sendDTMF: ({ pbx }, params) => {
      const channel = pbx.stasisChannel(params.text("channelId") ?? "");
      const digits = params.text("dtmf");
      if (digits === undefined) throw new AriFailure(400, "DTMF is required");
      return {
        ...DONE,
        afterwards: () => [...digits].forEach((digit) => channel.hearDigit(digit)),
      };
    },
    getChannelVar: ({ pbx }, params) => {
      const channel = pbx.channel(params.text("channelId") ?? "");
      const name = params.text("variable");
      if (name === undefined) throw new AriFailure(400, "Variable name is required");
      const value = FUNCTIONS[name]?.(channel) ?? channel.variables.get(name);
      if (value !== undefined) return ok({ value });
      if (name.endsWith(")")) throw new AriFailure(500, "Unable to read provided function");
      throw new AriFailure(404, "Provided variable was not found");
    },
    setChannelVar: ({ pbx }, params) => {
      const channel = pbx.stasisChannel(params.text("channelId") ?? "");
      const name = params.text("variable");
      if (name === undefined) throw new AriFailure(400, "Variable name is required");
      const value = params.text("value") ?? "";
      if (name === "CHANNEL(language)") channel.language = value;
      else pbx.setVariable(channel, name, value);
      return DONE;
    },
    play,
    playWithId: play,
    startSilence: ({ pbx }, params) => {
      pbx.startSilence(pbx.stasisChannel(params.text("channelId") ?? ""));
      return DONE;
    },
    stopSilence: ({ pbx }, params) => {
      pbx.stopSilence(pbx.stasisChannel(params.text("channelId") ?? ""));
      return DONE;
    },
    snoopChannelWithId,
    record: ({ pbx }, params) => {
      const channel = pbx.stasisChannel(params.text("channelId") ?? "");
      const overwrite = params.text("ifExists") === "overwrite";
      const [name, format] = [required(params, "name"), required(params, "format")];
      return { status: 201, json: pbx.recordings.start(channel, name, format, overwrite) };
    },
  },
  playbacks: {
    get: ({ pbx }, params) => ok(pbx.playbacks.get(params.text("playbackId") ?? "")),
    stop: ({ pbx }, params) => {
      pbx.playbacks.stop(params.text("playbackId") ?? "");
      return DONE;
    },
    control: ({ pbx }, params) => {
      pbx.playbacks.control(params.text("playbackId") ?? "", params.text("operation"));
      return DONE;
    },
  },
  recordings: {
    getLive: ({ pbx }, params) => ok(pbx.recordings.live(params.text("recordingName") ?? "")),
    stop: ({ pbx }, params) => {
      pbx.recordings.stop(params.text("recordingName") ?? "");
      return DONE;
    },
    cancel: ({ pbx }, params) => {
      pbx.recordings.cancel(params.text("recordingName") ?? "");
      return DONE;
    },
    getStored: ({ pbx }, params) => {
      const { name, format } = pbx.recordings.stored(params.text("recordingName") ?? "");
      return ok({ name, format });
    },
    deleteStored: ({ pbx }, params) => {
      pbx.recordings.remove(params.text("recordingName") ?? "");
      return DONE;
    },
    getStoredFile: ({ pbx }, params) => {
      const { pcm } = pbx.recordings.stored(params.text("recordingName") ?? "");
      return { status: 200, bytes: writeWav(pcm) };
    },
  },
};

/** Functions of the dialplan that `variable` can read. */
const FUNCTIONS: Readonly<
  Record<string, (channel: { language: string; callerNumber: string }) => string>
> = {
  "CHANNEL(language)": (channel) => channel.language,
  "CHANNEL(audionativeformat)": () => "(ulaw)",
  "CALLERID(num)": (channel) => channel.callerNumber,
};

function createBridge({ pbx }: OperationContext, params: Parameters): OperationReply {
  const id = params.text("bridgeId") ?? crypto.randomUUID();
  const type = params.text("type") ?? "mixing";
  return ok(pbx.createBridge(id, params.text("name") ?? "", type).toJson());
}

function bridgeAndChannels({ pbx }: OperationContext, params: Parameters) {
  const bridge = pbx.bridge(params.text("bridgeId") ?? "");
  const ids = params.all("channel").flatMap((value) => value.split(",")).filter(Boolean);
  if (ids.length === 0) throw new AriFailure(400, "Missing parameter channel");
  const channels = ids.map((id) => {
    const channel = pbx.channels.get(id);
    if (!channel) throw new AriFailure(400, "Channel not found");
    if (channel.app === undefined) throw new AriFailure(422, "Channel not in Stasis application");
    return channel;
  });
  return { bridge, channels };
}

/**
 * A channel does one thing after the other: what comes while it plays waits for the end of that,
 * and so does the answer to it.
 */
async function playedOut(pbx: SimulatedPbx, channel: SimulatedChannel): Promise<void> {
  const playing = pbx.playbacks.idle(channel);
  if (!playing) return;
  await playing;
  if (channel.gone) throw new AriFailure(404, "Channel not found");
}

/** As `playedOut`, for commands that are answered at once. */
async function onceFree(
  pbx: SimulatedPbx,
  channel: SimulatedChannel,
  run: () => void,
): Promise<void> {
  const playing = pbx.playbacks.idle(channel);
  if (playing) await playing;
  if (channel.app !== undefined) run();
}

function play({ pbx }: OperationContext, params: Parameters): OperationReply {
  const channel = pbx.stasisChannel(params.text("channelId") ?? "");
  const id = params.text("playbackId") ?? crypto.randomUUID();
  const media = params.all("media").flatMap((value) => value.split(",")).filter(Boolean);
  const language = params.text("lang") ?? channel.language;
  return { status: 201, json: pbx.playbacks.play(channel, id, media, language) };
}

function snoopChannelWithId({ pbx }: OperationContext, params: Parameters): OperationReply {
  const target = pbx.channel(params.text("channelId") ?? "");
  const app = required(params, "app");
  if (params.text("spy") !== "in") {
    throw new AriFailure(501, "The simulator snoops on incoming audio only (spy=in)");
  }
  const id = params.text("snoopId") ?? pbx.newChannelId();
  const channel = new SnoopChannel(target, pbx.clock, (snoop, frame) => pbx.voice(snoop, frame), {
    id,
    name: `Snoop/${target.id}-00000000`,
    state: "Up",
    dialplan: { context: "default", exten: "s", priority: 1, app_name: "", app_data: "" },
    language: target.language,
  });
  pbx.channels.set(id, channel);
  return { ...ok(channel.toJson()), afterwards: () => void pbx.enterStasis(channel, app, []) };
}

function application(pbx: SimulatedPbx, name: string) {
  return {
    name,
    channel_ids: inApp(pbx, name),
    bridge_ids: [...pbx.bridges.values()]
      .filter(({ channels }) => [...channels].some(({ app }) => app === name))
      .map(({ id }) => id),
    endpoint_ids: [],
    device_names: [],
    events_allowed: [],
    events_disallowed: [],
  };
}

function inApp(pbx: SimulatedPbx, name: string): string[] {
  return [...pbx.channels.values()]
    .filter(({ app, watchers }) => app === name || watchers.has(name))
    .map(({ id }) => id);
}

function module(name: string) {
  return { name, description: name, use_count: 0, status: "Running", support_level: "core" };
}

function required(params: Parameters, name: string): string {
  const value = params.text(name);
  if (value === undefined) throw new AriFailure(400, `Missing parameter ${name}`);
  return value;
}

function ok(json: unknown): OperationReply {
  return { status: 200, json };
}
