// Asterisk's REST interface: commands out, events in.

export { API_DOCS_IN_USE, checkAgainstApiDocs } from "./contract/api_docs.ts";
export { AriCommands } from "./commands.ts";
export type { HangUpReason } from "./commands.ts";
export { AriConnection } from "./connection.ts";
export { AriError, unlessGone } from "./error.ts";
export type { AriErrorKind } from "./error.ts";
export { channelOf } from "./events.ts";
export type { AriEvent } from "./events.ts";
export type { ChannelOffer } from "./external_media.ts";
export { AriFileControl } from "./file_control.ts";
export type { FileCommands } from "./file_control.ts";
export type { AriAddress } from "./http.ts";
export type { Channel } from "./models.ts";
