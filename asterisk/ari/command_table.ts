// The ARI operations in use, as data: commands are sent by it, and `checkAgainstApiDocs` compares
// it with Asterisk's own description.

import { z } from "zod";
import { MODELS } from "./models.ts";

/** A parameter's place and type, in the words of Asterisk's api-docs. */
export type ParamUsage = `${"path" | "query"} ${"string" | "int" | "boolean"}`;

/** One ARI operation. */
export interface AriCommand<R = unknown> {
  /** The api-docs file that describes it: `channels` for `/ari/api-docs/channels.json`. */
  readonly resource: string;
  /** Its nickname there, which the comparison goes by. */
  readonly operation: string;
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly params: Readonly<Record<string, ParamUsage>>;
  /** The answer's schema; null where there is no answer (204). */
  readonly result: z.ZodType<R> | null;
}

const onChannel = { channelId: "path string" } as const;
const onBridge = { bridgeId: "path string" } as const;

/** Every operation in use, by the name of its method in `AriCommands`. */
export const COMMANDS = {
  answer: command("POST", "channels", "answer", "/channels/{channelId}/answer", onChannel),
  hangUp: command("DELETE", "channels", "hangup", "/channels/{channelId}", {
    ...onChannel,
    reason: "query string",
  }),
  channels: command("GET", "channels", "list", "/channels", {}, z.array(MODELS.Channel)),
  externalMedia: command("POST", "channels", "externalMedia", "/channels/externalMedia", {
    channelId: "query string",
    app: "query string",
    external_host: "query string",
    encapsulation: "query string",
    transport: "query string",
    connection_type: "query string",
    format: "query string",
    transport_data: "query string",
    data: "query string",
  }, MODELS.Channel),
  variable: command("GET", "channels", "getChannelVar", "/channels/{channelId}/variable", {
    ...onChannel,
    variable: "query string",
  }, MODELS.Variable),
  setVariable: command("POST", "channels", "setChannelVar", "/channels/{channelId}/variable", {
    ...onChannel,
    variable: "query string",
    value: "query string",
  }),
  continueInDialplan: command(
    "POST",
    "channels",
    "continueInDialplan",
    "/channels/{channelId}/continue",
    {
      ...onChannel,
      context: "query string",
      extension: "query string",
      priority: "query int",
    },
  ),
  moveToApp: command("POST", "channels", "move", "/channels/{channelId}/move", {
    ...onChannel,
    app: "query string",
    appArgs: "query string",
  }),
  sendDtmf: command("POST", "channels", "sendDTMF", "/channels/{channelId}/dtmf", {
    ...onChannel,
    dtmf: "query string",
  }),
  play: command("POST", "channels", "playWithId", "/channels/{channelId}/play/{playbackId}", {
    ...onChannel,
    playbackId: "path string",
    media: "query string",
    lang: "query string",
  }, MODELS.Playback),
  stopPlayback: command("DELETE", "playbacks", "stop", "/playbacks/{playbackId}", {
    playbackId: "path string",
  }),
  controlPlayback: command("POST", "playbacks", "control", "/playbacks/{playbackId}/control", {
    playbackId: "path string",
    operation: "query string",
  }),
  startSilence: command(
    "POST",
    "channels",
    "startSilence",
    "/channels/{channelId}/silence",
    onChannel,
  ),
  startMoh: command("POST", "channels", "startMoh", "/channels/{channelId}/moh", onChannel),
  stopMoh: command("DELETE", "channels", "stopMoh", "/channels/{channelId}/moh", onChannel),
  snoop: command(
    "POST",
    "channels",
    "snoopChannelWithId",
    "/channels/{channelId}/snoop/{snoopId}",
    {
      ...onChannel,
      snoopId: "path string",
      app: "query string",
      spy: "query string",
    },
    MODELS.Channel,
  ),
  record: command("POST", "channels", "record", "/channels/{channelId}/record", {
    ...onChannel,
    name: "query string",
    format: "query string",
    ifExists: "query string",
  }, MODELS.LiveRecording),
  discardRecording: command("DELETE", "recordings", "cancel", "/recordings/live/{recordingName}", {
    recordingName: "path string",
  }),
  liveRecording: command("GET", "recordings", "getLive", "/recordings/live/{recordingName}", {
    recordingName: "path string",
  }, MODELS.LiveRecording),
  storedRecordings: command(
    "GET",
    "recordings",
    "listStored",
    "/recordings/stored",
    {},
    z.array(MODELS.StoredRecording),
  ),
  deleteStoredRecording: command(
    "DELETE",
    "recordings",
    "deleteStored",
    "/recordings/stored/{recordingName}",
    { recordingName: "path string" },
  ),
  createBridge: command("POST", "bridges", "createWithId", "/bridges/{bridgeId}", {
    ...onBridge,
    type: "query string",
    name: "query string",
  }, MODELS.Bridge),
  destroyBridge: command("DELETE", "bridges", "destroy", "/bridges/{bridgeId}", onBridge),
  bridges: command("GET", "bridges", "list", "/bridges", {}, z.array(MODELS.Bridge)),
  addToBridge: command("POST", "bridges", "addChannel", "/bridges/{bridgeId}/addChannel", {
    ...onBridge,
    channel: "query string",
  }),
  application: command("GET", "applications", "get", "/applications/{applicationName}", {
    applicationName: "path string",
  }, MODELS.Application),
  globalVariable: command("GET", "asterisk", "getGlobalVar", "/asterisk/variable", {
    variable: "query string",
  }, MODELS.Variable),
  info: command("GET", "asterisk", "getInfo", "/asterisk/info", {
    only: "query string",
  }, MODELS.AsteriskInfo),
  modules: command(
    "GET",
    "asterisk",
    "listModules",
    "/asterisk/modules",
    {},
    z.array(MODELS.Module),
  ),
} as const;

function command<R = void, const P extends Record<string, ParamUsage> = Record<string, never>>(
  method: AriCommand["method"],
  resource: string,
  operation: string,
  path: string,
  params: P,
  result: z.ZodType<R> | null = null,
) {
  return { method, resource, operation, path, params, result };
}
