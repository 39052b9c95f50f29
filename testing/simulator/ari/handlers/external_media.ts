// `POST /channels/externalMedia`: the channel through which a service gets and sends a call's
// audio.

import { RTP_CODECS } from "../../../../asterisk/transports/rtp/rtp_codec.ts";
import { AudioSocketChannel } from "../../media/audiosocket_channel.ts";
import type { ChannelOptions, SimulatedChannel } from "../../pbx/channel.ts";
import { MEDIA_FORMAT, MediaChannel } from "../../media/media_channel.ts";
import type { OperationContext, OperationReply, Parameters } from "../operation.ts";
import { RtpChannel } from "../../media/rtp_channel.ts";
import { AriFailure } from "../wire.ts";

/** What all external media channels are made of. */
interface Request extends Omit<ChannelOptions, "name"> {
  readonly app: string;
  readonly format: string;
}

/** Makes the channel. @throws {AriFailure} as the real PBX does. */
export async function externalMedia(
  context: OperationContext,
  params: Parameters,
): Promise<OperationReply> {
  const { pbx } = context;
  const app = params.text("app");
  if (app === undefined) throw new AriFailure(400, "app cannot be empty");
  const transport = checkTransport(params);
  const format = params.text("format");
  if (format === undefined) throw new AriFailure(400, "format cannot be empty");
  const id = params.text("channelId") ?? pbx.newChannelId();
  if (pbx.channels.has(id)) {
    context.crash(
      `externalMedia asks for the channel id ${id}, which is in use: Asterisk 22.10.1 dies of it`,
    );
  }
  const request: Request = {
    id,
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
    format,
  };
  switch (transport) {
    case "websocket":
      return websocket(context, params, request);
    case "tcp":
      return await audiosocket(context, params, request);
    case "udp":
      return await rtp(context, params, request);
  }
}

/** A channel that waits in state Down until its client connects. */
function websocket(
  context: OperationContext,
  params: Parameters,
  request: Request,
): OperationReply {
  if (request.format !== MEDIA_FORMAT.name) throw notCarried(request.format, transportOf(params));
  const transportData = params.text("transport_data") ?? "";
  const channel = new MediaChannel(context.pbx, {
    ...request,
    name: `WebSocket/INCOMING/0x${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}`,
    control: transportData.includes("f(json)") ? "json" : "plain-text",
    noAutoAnswer: transportData.replace(/\w\(.*?\)/g, "").includes("n"),
    transportData,
    mediaStartDelayMs: context.mediaStartDelayMs,
    connectTimeoutMs: context.mediaConnectTimeoutMs,
  });
  const channelvars = {
    MEDIA_WEBSOCKET_CONNECTION_ID: channel.connectionId,
    MEDIA_WEBSOCKET_OPTIMAL_FRAME_SIZE: String(MEDIA_FORMAT.frameBytes),
  };
  return { ...made(context, params, channel, channelvars), afterwards: () => channel.dial() };
}

async function audiosocket(
  context: OperationContext,
  params: Parameters,
  request: Request,
): Promise<OperationReply> {
  const { format } = request;
  if (format !== "slin" && format !== "slin16") throw notCarried(format, "tcp");
  const uuid = params.text("data");
  if (uuid === undefined) throw new AriFailure(400, "data can not be empty");
  const service = hostAndPort(params);
  const name = `AudioSocket/${service.hostname}:${service.port}-${uuid}`;
  const options = { ...request, name, uuid, format } as const;
  const channel = await AudioSocketChannel.connect(context.pbx, service, options);
  const channelvars = {
    AUDIOSOCKET_SERVICE: `${service.hostname}:${service.port}`,
    AUDIOSOCKET_UUID: uuid,
  };
  return {
    ...made(context, params, channel, channelvars),
    afterwards: () => {
      enter(context, channel, request.app);
      void channel.run();
    },
  };
}

async function rtp(
  context: OperationContext,
  params: Parameters,
  request: Request,
): Promise<OperationReply> {
  const { format } = request;
  if (!(format in RTP_CODECS)) throw notCarried(format, "udp");
  const service = hostAndPort(params);
  const channel = await RtpChannel.open(context.pbx, service, {
    ...request,
    name: `UnicastRTP/${service.hostname}:${service.port}-0x${crypto.randomUUID().slice(-12)}`,
    format: format as keyof typeof RTP_CODECS,
  });
  const { address, port } = channel.local;
  const channelvars = {
    UNICASTRTP_LOCAL_ADDRESS: address,
    UNICASTRTP_LOCAL_PORT: String(port),
  };
  return {
    ...made(context, params, channel, channelvars),
    afterwards: () => enter(context, channel, request.app),
  };
}

/** Adds the channel to the PBX, and describes it. */
function made(
  { pbx }: OperationContext,
  params: Parameters,
  channel: SimulatedChannel,
  channelvars: Readonly<Record<string, string>>,
): OperationReply {
  for (const [name, value] of Object.entries({ ...channelvars, ...params.variables })) {
    channel.variables.set(name, value);
  }
  pbx.channels.set(channel.id, channel);
  return { status: 200, json: { ...channel.toJson(), channelvars } };
}

/** Answers a channel that is connected from the start, and brings it into its application. */
function enter({ pbx }: OperationContext, channel: SimulatedChannel, app: string): void {
  if (channel.gone) return;
  channel.watchers.add(app);
  pbx.answer(channel);
  pbx.enterStasis(channel, app, []);
}

/** The real PBX's checks, in its order. */
function checkTransport(params: Parameters): "websocket" | "tcp" | "udp" {
  const encapsulation = params.text("encapsulation") ?? "rtp";
  const transport = transportOf(params);
  if (transport === "websocket" && encapsulation !== "none") {
    throw new AriFailure(400, "encapsulation must be 'none' for websocket transport");
  }
  if (encapsulation === "rtp" && transport !== "udp") {
    throw new AriFailure(400, "transport must be 'udp' for rtp encapsulation");
  }
  if (encapsulation === "audiosocket" && transport !== "tcp") {
    throw new AriFailure(400, "transport must be 'tcp' for audiosocket encapsulation");
  }
  if (transport !== "websocket") {
    if (params.text("connection_type") === "server") {
      throw new AriFailure(
        400,
        "'server' connection_type can only be used with the websocket transport",
      );
    }
    if (transport === "tcp" && encapsulation === "audiosocket") return "tcp";
    if (transport === "udp" && encapsulation === "rtp") return "udp";
    throw new AriFailure(501, "The encapsulation and/or transport is not supported");
  }
  if (
    params.text("connection_type") !== "server" || params.text("external_host") !== "INCOMING"
  ) {
    throw new AriFailure(400, "external_host must be a valid websocket_client connection id.");
  }
  return "websocket";
}

function transportOf(params: Parameters): string {
  return params.text("transport") ?? "udp";
}

function hostAndPort(params: Parameters): { readonly hostname: string; readonly port: number } {
  const [, hostname, port] = /^(.+):(\d+)$/.exec(params.text("external_host") ?? "") ?? [];
  if (hostname === undefined || port === undefined) {
    throw new AriFailure(
      400,
      "external_host must be <host>:<port> for all transports other than websocket",
    );
  }
  return { hostname, port: Number(port) };
}

function notCarried(format: string, transport: string): AriFailure {
  return new AriFailure(501, `The simulator does not carry ${format} over ${transport}`);
}
