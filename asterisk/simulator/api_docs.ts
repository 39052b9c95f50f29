// What the simulated PBX's ARI offers, as data: requests are routed by it, and `/ari/api-docs`
// describes it in Swagger 1.1, the form Asterisk uses and ari-client reads.

/** A parameter: where it travels and what it is, in the words of the api-docs; `!` if it is required. */
type Param = `${"path" | "query" | "body"} ${"string" | "int" | "boolean" | "containers"}${
  | ""
  | "!"}`;

/** One ARI operation. */
export interface Operation {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly nickname: string;
  /** Model of the answer, as the api-docs name it. */
  readonly answer: string;
  readonly params: Readonly<Record<string, Param>>;
}

const onChannel = { channelId: "path string!" } as const;
const onBridge = { bridgeId: "path string!" } as const;
const onPlayback = { playbackId: "path string!" } as const;
const onRecording = { recordingName: "path string!" } as const;
const media = { media: "query string!", lang: "query string" } as const;

/** Every operation the simulator has, by its resource. */
export const OPERATIONS = {
  applications: [
    operation("GET", "/applications", "list", "List[Application]"),
    operation("GET", "/applications/{applicationName}", "get", "Application", {
      applicationName: "path string!",
    }),
  ],
  asterisk: [
    operation("GET", "/asterisk/info", "getInfo", "AsteriskInfo", { only: "query string" }),
    operation("GET", "/asterisk/ping", "ping", "AsteriskPing"),
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
  ],
  recordings: [
    operation("GET", "/recordings/live/{recordingName}", "getLive", "LiveRecording", onRecording),
    operation("POST", "/recordings/live/{recordingName}/stop", "stop", "void", onRecording),
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

/** A resource of the simulated ARI: the name of its api-docs file. */
export type Resource = keyof typeof OPERATIONS;

/** The nicknames of a resource's operations. */
export type Nickname<R extends Resource> = (typeof OPERATIONS)[R][number]["nickname"];

type Fields = Readonly<Record<string, string>>;

/** The shapes answers and events carry: a field's type, `!` if it is always there. */
const MODELS: Readonly<Record<string, Readonly<Record<string, Fields>>>> = {
  applications: {
    Application: {
      name: "string!",
      channel_ids: "List[string]!",
      bridge_ids: "List[string]!",
      endpoint_ids: "List[string]!",
      device_names: "List[string]!",
      events_allowed: "List[object]!",
      events_disallowed: "List[object]!",
    },
  },
  asterisk: {
    AsteriskInfo: {
      build: "BuildInfo",
      system: "SystemInfo",
      config: "ConfigInfo",
      status: "StatusInfo",
    },
    BuildInfo: {
      os: "string!",
      kernel: "string!",
      options: "string!",
      machine: "string!",
      date: "string!",
      user: "string!",
    },
    SystemInfo: { version: "string!", entity_id: "string!" },
    ConfigInfo: { name: "string!", default_language: "string!", setid: "SetId!" },
    SetId: { user: "string!", group: "string!" },
    StatusInfo: { startup_time: "Date!", last_reload_time: "Date!" },
    AsteriskPing: { asterisk_id: "string!", ping: "string!", timestamp: "Date!" },
    Module: {
      name: "string!",
      description: "string!",
      use_count: "int!",
      status: "string!",
      support_level: "string!",
    },
    Variable: { value: "string!" },
  },
  bridges: {
    Bridge: {
      id: "string!",
      technology: "string!",
      bridge_type: "string!",
      bridge_class: "string!",
      creator: "string!",
      name: "string!",
      channels: "List[string]!",
      video_mode: "string",
      creationtime: "Date!",
    },
  },
  channels: {
    Channel: {
      id: "string!",
      protocol_id: "string!",
      name: "string!",
      state: "string!",
      caller: "CallerID!",
      connected: "CallerID!",
      accountcode: "string!",
      dialplan: "DialplanCEP!",
      creationtime: "Date!",
      language: "string!",
      channelvars: "object",
    },
    CallerID: { name: "string!", number: "string!" },
    DialplanCEP: {
      context: "string!",
      exten: "string!",
      priority: "long!",
      app_name: "string!",
      app_data: "string!",
    },
  },
  events: {
    Message: { type: "string!", asterisk_id: "string" },
    Event: { application: "string!", timestamp: "Date!" },
    StasisStart: { args: "List[string]!", channel: "Channel!", replace_channel: "Channel" },
    StasisEnd: { channel: "Channel!" },
    ChannelStateChange: { channel: "Channel!" },
    ChannelDestroyed: {
      cause: "int!",
      cause_txt: "string!",
      tech_cause: "int",
      channel: "Channel!",
    },
    ChannelHangupRequest: {
      cause: "int",
      tech_cause: "int",
      soft: "boolean",
      channel: "Channel!",
    },
    ChannelDtmfReceived: { digit: "string!", duration_ms: "int!", channel: "Channel!" },
    ChannelVarset: { variable: "string!", value: "string!", channel: "Channel" },
    ChannelEnteredBridge: { bridge: "Bridge!", channel: "Channel" },
    ChannelLeftBridge: { bridge: "Bridge!", channel: "Channel!" },
    ChannelTalkingStarted: { channel: "Channel!" },
    ChannelTalkingFinished: { channel: "Channel!", duration: "int!" },
    BridgeDestroyed: { bridge: "Bridge!" },
    Dial: {
      caller: "Channel",
      peer: "Channel!",
      forward: "string",
      dialstring: "string",
      dialstatus: "string!",
    },
    PlaybackStarted: { playback: "Playback!" },
    PlaybackFinished: { playback: "Playback!" },
    RecordingStarted: { recording: "LiveRecording!" },
    RecordingFinished: { recording: "LiveRecording!" },
    RecordingFailed: { recording: "LiveRecording!" },
    ApplicationReplaced: {},
    ApplicationMoveFailed: {
      channel: "Channel!",
      destination: "string!",
      args: "List[string]!",
    },
  },
  playbacks: {
    Playback: {
      id: "string!",
      media_uri: "string!",
      next_media_uri: "string",
      target_uri: "string!",
      language: "string",
      state: "string!",
    },
  },
  recordings: {
    LiveRecording: {
      name: "string!",
      format: "string!",
      target_uri: "string!",
      state: "string!",
      duration: "int",
      talking_duration: "int",
      silence_duration: "int",
      cause: "string",
    },
    StoredRecording: { name: "string!", format: "string!" },
  },
};

/** Which events inherit from which model. */
const SUB_TYPES: Readonly<Record<string, (names: readonly string[]) => string[]>> = {
  Message: () => ["Event"],
  Event: (names) => names.filter((name) => name !== "Message" && name !== "Event"),
};

/** `resources.json`: which api-docs there are. */
export function resourceList(host: string): unknown {
  return {
    ...header("10.0.0", host),
    apis: Object.keys(MODELS).map((resource) => ({
      path: `/api-docs/${resource}.{format}`,
      description: `${resource} of the simulated PBX`,
    })),
  };
}

/** One resource's api-docs, or undefined if there is no such resource. */
export function resourceDocs(resource: string, host: string): unknown {
  const models = MODELS[resource];
  if (!models) return undefined;
  const operations: readonly Operation[] = OPERATIONS[resource as Resource] ?? [];
  const paths = new Set(operations.map(({ path }) => path));
  return {
    ...header("2.0.0", host),
    resourcePath: `/api-docs/${resource}.{format}`,
    apis: [...paths].map((path) => ({
      path,
      description: path,
      operations: operations.filter((operation) => operation.path === path).map(describe),
    })),
    models: Object.fromEntries(
      Object.entries(models).map(([id, fields]) => [id, {
        id,
        description: id,
        properties: describeFields(fields),
        subTypes: SUB_TYPES[id]?.(Object.keys(models)),
      }]),
    ),
  };
}

function header(apiVersion: string, host: string) {
  return { apiVersion, swaggerVersion: "1.1", basePath: `http://${host}/ari` };
}

function describe({ method, nickname, answer, params }: Operation) {
  return {
    httpMethod: method,
    nickname,
    summary: nickname,
    responseClass: answer,
    parameters: Object.entries(params).map(([name, param]) => {
      const [paramType, dataType] = param.replace("!", "").split(" ");
      return {
        name,
        description: name,
        paramType,
        dataType,
        required: param.endsWith("!"),
        allowMultiple: name === "media",
      };
    }),
  };
}

function describeFields(fields: Fields) {
  return Object.fromEntries(
    Object.entries(fields).map(([name, type]) => [name, {
      type: type.replace("!", ""),
      required: type.endsWith("!"),
    }]),
  );
}

function operation<const N extends string>(
  method: Operation["method"],
  path: string,
  nickname: N,
  answer: string,
  params: Operation["params"] = {},
): Operation & { readonly nickname: N } {
  return { method, path, nickname, answer, params };
}
