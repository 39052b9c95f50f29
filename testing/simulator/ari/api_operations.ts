// The operations of the simulated ARI, as data: requests are routed by it and the api-docs are
// generated from it.

/** A parameter's place and type in the words of the api-docs, with `!` when it is required. */
type Param = `${"path" | "query" | "body"} ${"string" | "int" | "boolean" | "containers"}${
  | ""
  | "!"}`;

/** One ARI operation. */
export interface Operation {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly nickname: string;
  /** The answer's model, by its name in the api-docs. */
  readonly answer: string;
  readonly params: Readonly<Record<string, Param>>;
}

const onChannel = { channelId: "path string!" } as const;
const onBridge = { bridgeId: "path string!" } as const;
const onPlayback = { playbackId: "path string!" } as const;
const onRecording = { recordingName: "path string!" } as const;
const media = { media: "query string!", lang: "query string" } as const;

/** Every operation of the simulated ARI, by resource. */
export const API_OPERATIONS = {
  applications: [
    operation("GET", "/applications", "list", "List[Application]"),
    operation("GET", "/applications/{applicationName}", "get", "Application", {
      applicationName: "path string!",
    }),
  ],
  asterisk: [
    operation("GET", "/asterisk/info", "getInfo", "AsteriskInfo", { only: "query string" }),
    operation("GET", "/asterisk/ping", "ping", "AsteriskPing"),
    operation("GET", "/asterisk/variable", "getGlobalVar", "Variable", {
      variable: "query string!",
    }),
    operation("GET", "/asterisk/modules", "listModules", "List[Module]"),
    operation("GET", "/asterisk/modules/{moduleName}", "getModule", "Module", {
      moduleName: "path string!",
    }),
  ],
  bridges: [
    operation("GET", "/bridges", "list", "List[Bridge]"),
    operation("POST", "/bridges", "create", "Bridge", {
      type: "query string",
      bridgeId: "query string",
      name: "query string",
    }),
    operation("POST", "/bridges/{bridgeId}", "createWithId", "Bridge", {
      ...onBridge,
      type: "query string",
      name: "query string",
    }),
    operation("GET", "/bridges/{bridgeId}", "get", "Bridge", onBridge),
    operation("DELETE", "/bridges/{bridgeId}", "destroy", "void", onBridge),
    operation("POST", "/bridges/{bridgeId}/addChannel", "addChannel", "void", {
      ...onBridge,
      channel: "query string!",
    }),
    operation("POST", "/bridges/{bridgeId}/removeChannel", "removeChannel", "void", {
      ...onBridge,
      channel: "query string!",
    }),
  ],
  channels: [
    operation("GET", "/channels", "list", "List[Channel]"),
    operation("POST", "/channels/externalMedia", "externalMedia", "Channel", {
      channelId: "query string",
      app: "query string!",
      variables: "body containers",
      external_host: "query string",
      encapsulation: "query string",
      transport: "query string",
      connection_type: "query string",
      format: "query string!",
      direction: "query string",
      data: "query string",
      transport_data: "query string",
    }),
    operation("GET", "/channels/{channelId}", "get", "Channel", onChannel),
    operation("DELETE", "/channels/{channelId}", "hangup", "void", {
      ...onChannel,
      reason_code: "query string",
      reason: "query string",
    }),
    operation("POST", "/channels/{channelId}/answer", "answer", "void", onChannel),
    operation("POST", "/channels/{channelId}/continue", "continueInDialplan", "void", {
      ...onChannel,
      context: "query string",
      extension: "query string",
      priority: "query int",
      label: "query string",
    }),
    operation("POST", "/channels/{channelId}/move", "move", "void", {
      ...onChannel,
      app: "query string!",
      appArgs: "query string",
    }),
    operation("POST", "/channels/{channelId}/dtmf", "sendDTMF", "void", {
      ...onChannel,
      dtmf: "query string",
      before: "query int",
      between: "query int",
      duration: "query int",
      after: "query int",
    }),
    operation("GET", "/channels/{channelId}/variable", "getChannelVar", "Variable", {
      ...onChannel,
      variable: "query string!",
    }),
    operation("POST", "/channels/{channelId}/variable", "setChannelVar", "void", {
      ...onChannel,
      variable: "query string!",
      value: "query string",
    }),
    operation("POST", "/channels/{channelId}/play", "play", "Playback", {
      ...onChannel,
      ...media,
      playbackId: "query string",
    }),
    operation("POST", "/channels/{channelId}/play/{playbackId}", "playWithId", "Playback", {
      ...onChannel,
      ...onPlayback,
      ...media,
    }),
    operation("POST", "/channels/{channelId}/silence", "startSilence", "void", onChannel),
    operation("DELETE", "/channels/{channelId}/silence", "stopSilence", "void", onChannel),
    operation("POST", "/channels/{channelId}/moh", "startMoh", "void", {
      ...onChannel,
      mohClass: "query string",
    }),
    operation("DELETE", "/channels/{channelId}/moh", "stopMoh", "void", onChannel),
    operation("POST", "/channels/{channelId}/snoop/{snoopId}", "snoopChannelWithId", "Channel", {
      ...onChannel,
      snoopId: "path string!",
      spy: "query string",
      whisper: "query string",
      app: "query string!",
      appArgs: "query string",
    }),
    operation("POST", "/channels/{channelId}/record", "record", "LiveRecording", {
      ...onChannel,
      name: "query string!",
      format: "query string!",
      maxDurationSeconds: "query int",
      maxSilenceSeconds: "query int",
      ifExists: "query string",
      beep: "query boolean",
      terminateOn: "query string",
    }),
  ],
  playbacks: [
    operation("GET", "/playbacks/{playbackId}", "get", "Playback", onPlayback),
    operation("DELETE", "/playbacks/{playbackId}", "stop", "void", onPlayback),
    operation("POST", "/playbacks/{playbackId}/control", "control", "void", {
      ...onPlayback,
      operation: "query string!",
    }),
  ],
  recordings: [
    operation("GET", "/recordings/live/{recordingName}", "getLive", "LiveRecording", onRecording),
    operation("DELETE", "/recordings/live/{recordingName}", "cancel", "void", onRecording),
    operation("POST", "/recordings/live/{recordingName}/stop", "stop", "void", onRecording),
    operation("GET", "/recordings/stored", "listStored", "List[StoredRecording]"),
    operation(
      "GET",
      "/recordings/stored/{recordingName}",
      "getStored",
      "StoredRecording",
      onRecording,
    ),
    operation("DELETE", "/recordings/stored/{recordingName}", "deleteStored", "void", onRecording),
    operation(
      "GET",
      "/recordings/stored/{recordingName}/file",
      "getStoredFile",
      "binary",
      onRecording,
    ),
  ],
} as const satisfies Record<string, readonly Operation[]>;

/** A resource of the simulated ARI, which is the name of its api-docs file. */
export type Resource = keyof typeof API_OPERATIONS;

/** A nickname of one of a resource's operations. */
export type Nickname<R extends Resource> = (typeof API_OPERATIONS)[R][number]["nickname"];

function operation<const N extends string>(
  method: Operation["method"],
  path: string,
  nickname: N,
  answer: string,
  params: Operation["params"] = {},
): Operation & { readonly nickname: N } {
  return { method, path, nickname, answer, params };
}
