// Asterisk's REST interface: commands out, events in.

export { API_DOCS_IN_USE, checkAgainstApiDocs } from "./api_docs.ts";
export { AriCommands, COMMAND_DEADLINE_MS } from "./commands.ts";
export type { DialplanPlace, ExternalMedia, HangUpReason } from "./commands.ts";
export { AriConnection } from "./connection.ts";
export type { AriListener, AriTiming } from "./connection.ts";
export { AriFileControl } from "./file_control.ts";
export type { FileChannels, FileCommands } from "./file_control.ts";
export type { ChannelOffer } from "./external_media.ts";
export { AriError, unlessGone } from "./error.ts";
export type { AriErrorKind } from "./error.ts";
export type { AriEvent, AriEventOf } from "./events.ts";
export type { AriAddress } from "./http.ts";
export type {
  Application,
  AsteriskInfo,
  Bridge,
  Channel,
  LiveRecording,
  Module,
  Playback,
} from "./models.ts";
export { describeUsage } from "./usage.ts";
export type { ApiUsage, CommandUsage, FieldUsage } from "./usage.ts";
