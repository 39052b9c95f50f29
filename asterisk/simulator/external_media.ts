// `POST /channels/externalMedia`: the channel through which a service has a call's audio.

import { MEDIA_FORMAT, MediaChannel } from "./media_channel.ts";
import type { Answer, OperationContext, Parameters } from "./operation.ts";
import { AriFailure } from "./wire.ts";

/** Makes the channel, in state Down until its client connects. @throws {AriFailure} */
export function externalMedia(context: OperationContext, params: Parameters): Answer {
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
    connectTimeoutMs: context.mediaConnectTimeoutMs,
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
