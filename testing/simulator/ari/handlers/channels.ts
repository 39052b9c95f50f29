// `/channels`.

import type { SimulatedChannel } from "../../pbx/channel.ts";
import { SnoopChannel } from "../../pbx/snoop_channel.ts";
import type { OperationContext, OperationReply, Parameters } from "../operation.ts";
import { AriFailure } from "../wire.ts";
import { externalMedia } from "./external_media.ts";
import { DONE, type Handlers, list, pathParameter, reply, required } from "./handler.ts";
import { hangupCause } from "./hangup_reasons.ts";
import { oncePlayedOut, playedOut } from "./turn.ts";

export const CHANNELS: Handlers<"channels"> = {
  list: ({ pbx }) => reply([...pbx.channels.values()].map((channel) => channel.toJson())),
  get: (context, params) => reply(channelOf(context, params).toJson()),
  externalMedia,
  hangup: (context, params) => {
    const channel = channelOf(context, params);
    context.pbx.hangUp(channel, hangupCause(params), { cause: 32, soft: true });
    return DONE;
  },
  answer: async (context, params) => {
    const channel = stasisChannelOf(context, params);
    await playedOut(context.pbx, channel);
    context.pbx.answer(channel);
    return DONE;
  },
  continueInDialplan: (context, params) => {
    const { pbx } = context;
    const channel = stasisChannelOf(context, params);
    const place = { context: params.text("context"), exten: params.text("extension") };
    return {
      ...DONE,
      afterwards: () => oncePlayedOut(pbx, channel, () => pbx.continueInDialplan(channel, place)),
    };
  },
  move: (context, params) => {
    const { pbx } = context;
    const channel = stasisChannelOf(context, params);
    const app = required(params, "app");
    const args = params.text("appArgs")?.split(",") ?? [];
    return {
      ...DONE,
      afterwards: () => oncePlayedOut(pbx, channel, () => pbx.move(channel, app, args)),
    };
  },
  sendDTMF: (context, params) => {
    const channel = stasisChannelOf(context, params);
    const digits = required(params, "dtmf", "DTMF is required");
    return {
      ...DONE,
      afterwards: () => [...digits].forEach((digit) => channel.hearDigit(digit)),
    };
  },
  getChannelVar: (context, params) => {
    const channel = channelOf(context, params);
    const name = required(params, "variable", "Variable name is required");
    const value = FUNCTIONS[name]?.(channel) ?? channel.variables.get(name);
    if (value !== undefined) return reply({ value });
    if (name.endsWith(")")) throw new AriFailure(500, "Unable to read provided function");
    throw new AriFailure(404, "Provided variable was not found");
  },
  setChannelVar: (context, params) => {
    const channel = stasisChannelOf(context, params);
    const name = required(params, "variable", "Variable name is required");
    const value = params.text("value") ?? "";
    if (name === "CHANNEL(language)") channel.language = value;
    else context.pbx.setVariable(channel, name, value);
    return DONE;
  },
  play,
  playWithId: play,
  startSilence: (context, params) => {
    context.pbx.startSilence(stasisChannelOf(context, params));
    return DONE;
  },
  stopSilence: (context, params) => {
    context.pbx.stopSilence(stasisChannelOf(context, params));
    return DONE;
  },
  startMoh: (context, params) => {
    context.pbx.startMusic(stasisChannelOf(context, params));
    return DONE;
  },
  stopMoh: (context, params) => {
    context.pbx.stopSilence(stasisChannelOf(context, params));
    return DONE;
  },
  snoopChannelWithId,
  record: (context, params) => {
    const channel = stasisChannelOf(context, params);
    const overwrite = params.text("ifExists") === "overwrite";
    const [name, format] = [required(params, "name"), required(params, "format")];
    return { status: 201, json: context.pbx.recordings.start(channel, name, format, overwrite) };
  },
};

/** Functions of the dialplan that `variable` can read. */
const FUNCTIONS: Readonly<Record<string, (channel: SimulatedChannel) => string>> = {
  "CHANNEL(language)": (channel) => channel.language,
  "CHANNEL(audionativeformat)": () => "(ulaw)",
  "CALLERID(num)": (channel) => channel.callerNumber,
};

function channelOf({ pbx }: OperationContext, params: Parameters): SimulatedChannel {
  return pbx.channel(pathParameter(params, "channelId"));
}

function stasisChannelOf({ pbx }: OperationContext, params: Parameters): SimulatedChannel {
  return pbx.stasisChannel(pathParameter(params, "channelId"));
}

function play(context: OperationContext, params: Parameters): OperationReply {
  const channel = stasisChannelOf(context, params);
  const id = params.text("playbackId") ?? crypto.randomUUID();
  const language = params.text("lang") ?? channel.language;
  const json = context.pbx.playbacks.play(channel, id, list(params, "media"), language);
  return { status: 201, json };
}

function snoopChannelWithId(context: OperationContext, params: Parameters): OperationReply {
  const { pbx } = context;
  const target = channelOf(context, params);
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
  return { ...reply(channel.toJson()), afterwards: () => void pbx.enterStasis(channel, app, []) };
}
