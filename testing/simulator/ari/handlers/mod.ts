// What each ARI operation does, a file a resource. Statuses and messages are those of Asterisk
// 22.10.1.

import type { Resource } from "../api_operations.ts";
import { APPLICATIONS } from "./applications.ts";
import { ASTERISK } from "./asterisk.ts";
import { BRIDGES } from "./bridges.ts";
import { CHANNELS } from "./channels.ts";
import type { Handlers } from "./handler.ts";
import { PLAYBACKS } from "./playbacks.ts";
import { RECORDINGS } from "./recordings.ts";

/** Every operation's handler, by resource and nickname. */
export const HANDLERS: { readonly [R in Resource]: Handlers<R> } = {
  applications: APPLICATIONS,
  asterisk: ASTERISK,
  bridges: BRIDGES,
  channels: CHANNELS,
  playbacks: PLAYBACKS,
  recordings: RECORDINGS,
};
