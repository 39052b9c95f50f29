// What ARI's events and answers hold, as far as we use it. Each is checked on arrival, and
// `checkAgainstApiDocs` compares them all with Asterisk's own description.

import { z } from "zod";

/** Of a channel, a bridge, a playback: AST_MAX_PUBLIC_UNIQUEID of Asterisk is 149. */
const Id = z.string().min(1).max(255);

const CallerId = z.object({ name: z.string(), number: z.string() });

const Dialplan = z.object({ context: z.string(), exten: z.string(), priority: z.number() });

const Channel = z.object({
  id: Id,
  name: z.string(),
  /**
   * "Down", "Ring", "Ringing", "Up"…: a plain string, so that a new state does not make an event
   * malformed.
   */
  state: z.string(),
  caller: CallerId,
  connected: CallerId,
  dialplan: Dialplan,
  creationtime: z.string(),
  language: z.string(),
  channelvars: z.record(z.string(), z.string()).optional(),
});

const Bridge = z.object({
  id: Id,
  name: z.string(),
  technology: z.string(),
  bridge_type: z.string(),
  channels: z.array(z.string()),
});

const Playback = z.object({
  id: Id,
  media_uri: z.string(),
  target_uri: z.string(),
  /** "queued", "playing", "done", "failed"… */
  state: z.string(),
});

const LiveRecording = z.object({
  name: z.string(),
  format: z.string(),
  target_uri: z.string(),
  state: z.string(),
  duration: z.number().optional(),
  cause: z.string().optional(),
});

const StoredRecording = z.object({ name: z.string(), format: z.string() });

const Application = z.object({
  name: z.string(),
  channel_ids: z.array(z.string()),
  bridge_ids: z.array(z.string()),
});

const SystemInfo = z.object({ version: z.string(), entity_id: z.string() });

const AsteriskInfo = z.object({ system: SystemInfo.optional() });

const Module = z.object({
  name: z.string(),
  description: z.string(),
  use_count: z.number(),
  /** "Running" or "Not Running". */
  status: z.string(),
});

const Variable = z.object({ value: z.string() });

/** Every model in use, by its name in Asterisk's api-docs. */
export const MODELS = {
  CallerID: CallerId,
  DialplanCEP: Dialplan,
  Channel,
  Bridge,
  Playback,
  LiveRecording,
  StoredRecording,
  Application,
  SystemInfo,
  AsteriskInfo,
  Module,
  Variable,
} as const;

/** A leg of a call, or the PBX's end of an external media connection. */
export type Channel = z.infer<typeof Channel>;
/** Channels that hear one another. */
export type Bridge = z.infer<typeof Bridge>;
/** A sound that is being played. */
export type Playback = z.infer<typeof Playback>;
/** A recording in progress. */
export type LiveRecording = z.infer<typeof LiveRecording>;
/** A recording's file, whether it is complete or still grows. */
export type StoredRecording = z.infer<typeof StoredRecording>;
/** A Stasis application and what it holds. */
export type Application = z.infer<typeof Application>;
/** What a PBX says about itself. */
export type AsteriskInfo = z.infer<typeof AsteriskInfo>;
/** A module of a PBX. */
export type Module = z.infer<typeof Module>;
