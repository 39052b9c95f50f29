// The models of the simulated ARI's answers and events, in the words of Asterisk's api-docs.

/** The type of each of a model's fields, with `!` when it is always present. */
export type Fields = Readonly<Record<string, string>>;

/** Every model, by the resource whose api-docs describe it. */
export const API_MODELS: Readonly<Record<string, Readonly<Record<string, Fields>>>> = {
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
    ChannelConnectedLine: { channel: "Channel!" },
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

/** The models that inherit from each base model, given the names of all. */
export const SUB_TYPES: Readonly<Record<string, (names: readonly string[]) => string[]>> = {
  Message: () => ["Event"],
  Event: (names) => names.filter((name) => name !== "Message" && name !== "Event"),
};
