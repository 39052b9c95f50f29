// What each ARI operation does. Statuses and messages are those of a real Asterisk 22.10.1.

import { writeWav } from "../../media/wav.ts";
import { ASTERISK_ID } from "./applications.ts";
import type { Nickname, Resource } from "./api_docs.ts";
import { CAUSE, type HangupCause } from "./channel.ts";
import { MEDIA_FORMAT, MediaChannel } from "./media_channel.ts";
import type { Pbx } from "./pbx.ts";
import { ariDate, AriFailure } from "./wire.ts";

/** The parameters of one request, by name, from its path, its query and its JSON body. */
export interface Parameters {
  /** The last value given; undefined when absent or empty. */
  text(name: string): string | undefined;
  /** All values given. */
  all(name: string): readonly string[];
  /** Channel variables of the JSON body. */
  readonly variables: Readonly<Record<string, string>>;
}

/** An answer: JSON, bytes or nothing (204). */
export interface Answer {
  readonly status: number;
  readonly json?: unknown;
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** Sent after the answer has left, as the real PBX does. */
  readonly afterwards?: () => void;
}

/** The PBX and what of it operations may set off. */
export interface OperationContext {
  readonly pbx: Pbx;
  readonly version: string;
  readonly modules: readonly string[];
  readonly startedAt: string;
  readonly mediaStartDelayMs: number;
  /** The process of the PBX dies now; the request is never answered. */
  crash(why: string): never;
}

type Handler = (context: OperationContext, params: Parameters) => Answer;

const DONE: Answer = { status: 204 };

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
    addChannel: (context, params) => {
      const { bridge, channels } = bridgeAndChannels(context, params);
      for (const channel of channels) context.pbx.addToBridge(bridge, channel);
      return DONE;
    },
    removeChannel: (context, params) => {
      const { bridge, channels } = bridgeAndChannels(context, params);
      for (const channel of channels) context.pbx.removeFromBridge(bridge, channel);
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
    answer: ({ pbx }, params) => {
      pbx.answer(pbx.stasisChannel(params.text("channelId") ?? ""));
      return DONE;
    },
    continueInDialplan: ({ pbx }, params) => {
      const channel = pbx.stasisChannel(params.text("channelId") ?? "");
      const place = { context: params.text("context"), exten: params.text("extension") };
      return { ...DONE, afterwards: () => pbx.continueInDialplan(channel, place) };
    },
    move: ({ pbx }, params) => {
      const channel = pbx.stasisChannel(params.text("channelId") ?? "");
      const app = required(params, "app");
      const args = params.text("appArgs")?.split(",") ?? [];
      return { ...DONE, afterwards: () => pbx.move(channel, app, args) };
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
  },
  recordings: {
    getLive: ({ pbx }, params) => ok(pbx.recordings.live(params.text("recordingName") ?? "")),
    stop: ({ pbx }, params) => {
      pbx.recordings.stop(params.text("recordingName") ?? "");
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
  "CALLERID(num)": (channel) => channel.callerNumber,
};

/** Reasons ARI takes for a hang-up, and the causes they stand for. */
const REASONS: Readonly<Record<string, HangupCause>> = {
  normal: CAUSE.normal,
  busy: CAUSE.busy,
  congestion: { code: 34, text: "Circuit/channel congestion" },
  no_answer: CAUSE.noAnswer,
  timeout: { code: 102, text: "Recover on timer expiry" },
  rejected: { code: 21, text: "Call Rejected" },
  unallocated: { code: 1, text: "Unallocated (unassigned) number" },
  normal_unspecified: { code: 31, text: "Normal, unspecified" },
  number_incomplete: { code: 28, text: "Invalid number format" },
  codec_mismatch: { code: 58, text: "Bearer capability not available" },
  interworking: { code: 127, text: "Interworking, unspecified" },
  failure: CAUSE.networkOutOfOrder,
  answered_elsewhere: { code: 26, text: "Answered elsewhere" },
};

function createBridge({ pbx }: OperationContext, params: Parameters): Answer {
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

function play({ pbx }: OperationContext, params: Parameters): Answer {
  const channel = pbx.stasisChannel(params.text("channelId") ?? "");
  const id = params.text("playbackId") ?? crypto.randomUUID();
  const media = params.all("media").flatMap((value) => value.split(",")).filter(Boolean);
  const language = params.text("lang") ?? channel.language;
  return { status: 201, json: pbx.playbacks.play(channel, id, media, language) };
}

function externalMedia(context: OperationContext, params: Parameters): Answer {
  const { pbx } = context;
  const app = params.text("app");
  if (app === undefined) throw new AriFailure(400, "app cannot be empty");
  checkTransport(params);
  const format = params.text("format");
  if (format === undefined) throw new AriFailure(400, "format cannot be empty");
  if (format !== MEDIA_FORMAT.name) {
    throw new AriFailure(501, `The simulator carries ${MEDIA_FORMAT.name} only, not ${format}`);
  }
  const id = params.text("channelId") ?? pbx.newChannelId();
  if (pbx.channels.has(id)) {
    context.crash(
      `externalMedia asks for the channel id ${id}, which is in use: Asterisk 22.10.1 dies of it`,
    );
  }
  const transportData = params.text("transport_data") ?? "";
  const channel = new MediaChannel(pbx, {
    id,
    name: `WebSocket/INCOMING/0x${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}`,
    state: "Down",
    dialplan: {
      context: "default",
      exten: "s",
      priority: 1,
      app_name: "AppDial2",
      app_data: "(Outgoing Line)",
    },
    language: "en",
    app,
    control: transportData.includes("f(json)") ? "json" : "plain-text",
    noAutoAnswer: transportData.replace(/\w\(.*?\)/g, "").includes("n"),
    transportData,
    mediaStartDelayMs: context.mediaStartDelayMs,
  });
  for (const [name, value] of Object.entries(params.variables)) channel.variables.set(name, value);
  pbx.channels.set(id, channel);
  const channelvars = {
    MEDIA_WEBSOCKET_CONNECTION_ID: channel.connectionId,
    MEDIA_WEBSOCKET_OPTIMAL_FRAME_SIZE: String(MEDIA_FORMAT.frameBytes),
  };
  return {
    status: 200,
    json: { ...channel.toJson(), channelvars },
    afterwards: () => channel.dial(),
  };
}

/** The checks of the real PBX, in its order; other transports than websocket are not simulated. */
function checkTransport(params: Parameters): void {
  const encapsulation = params.text("encapsulation") ?? "rtp";
  const transport = params.text("transport") ?? "udp";
  if (transport === "websocket" && encapsulation !== "none") {
    throw new AriFailure(400, "encapsulation must be 'none' for websocket transport");
  }
  if (transport !== "websocket") {
    throw new AriFailure(501, `The simulator has no external media over ${transport}`);
  }
  if (
    params.text("connection_type") !== "server" || params.text("external_host") !== "INCOMING"
  ) {
    throw new AriFailure(400, "external_host must be a valid websocket_client connection id.");
  }
}

function hangupCause(params: Parameters): HangupCause {
  const code = params.text("reason_code");
  if (code !== undefined) {
    return Object.values(REASONS).find((cause) => cause.code === Number(code)) ??
      { code: Number(code), text: "Unknown" };
  }
  const reason = REASONS[params.text("reason") ?? "normal"];
  if (!reason) throw new AriFailure(400, "Invalid reason for hangup reason provided");
  return reason;
}

function application(pbx: Pbx, name: string) {
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

function inApp(pbx: Pbx, name: string): string[] {
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

function ok(json: unknown): Answer {
  return { status: 200, json };
}
