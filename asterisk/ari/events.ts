// The ARI events in use, checked on arrival: a malformed event is logged and never throws inside
// the one reader of all events.

import { z } from "zod";
import { MODELS } from "./models.ts";

const { Channel, Bridge, Playback, LiveRecording } = MODELS;

/** Q.850 has 0 to 127; some drivers of Asterisk use more. */
const Cause = z.number().int().min(0).max(100_000);
/** In ms. */
const Duration = z.number().int().min(0);
const Key = z.string().regex(/^[0-9A-Da-d*#]$/);

const EVENTS = [
  event("StasisStart", {
    args: z.array(z.string()),
    channel: Channel,
    replace_channel: Channel.optional(),
  }),
  event("StasisEnd", { channel: Channel }),
  event("ChannelStateChange", { channel: Channel }),
  event("ChannelDestroyed", { cause: Cause, cause_txt: z.string(), channel: Channel }),
  event("ChannelHangupRequest", {
    cause: Cause.optional(),
    soft: z.boolean().optional(),
    channel: Channel,
  }),
  event("ChannelDtmfReceived", { digit: Key, duration_ms: Duration, channel: Channel }),
  event("ChannelVarset", { variable: z.string(), value: z.string(), channel: Channel.optional() }),
  event("ChannelEnteredBridge", { bridge: Bridge, channel: Channel.optional() }),
  event("ChannelLeftBridge", { bridge: Bridge, channel: Channel }),
  event("ChannelTalkingStarted", { channel: Channel }),
  event("ChannelTalkingFinished", { duration: Duration, channel: Channel }),
  event("BridgeDestroyed", { bridge: Bridge }),
  event("PlaybackStarted", { playback: Playback }),
  event("PlaybackFinished", { playback: Playback }),
  event("RecordingStarted", { recording: LiveRecording }),
  event("RecordingFinished", { recording: LiveRecording }),
  event("RecordingFailed", { recording: LiveRecording }),
  event("ApplicationReplaced", {}),
] as const;

/** The schema of each event in use, by type. */
export const EVENT_SCHEMAS: ReadonlyMap<string, z.ZodObject> = new Map(
  EVENTS.map((schema) => [schema.shape.type.value, schema]),
);

const AnyEvent = z.discriminatedUnion("type", EVENTS);

/** An event of the PBX. */
export type AriEvent = z.infer<typeof AnyEvent>;

/** One type of event. */
export type AriEventOf<T extends AriEvent["type"]> = Extract<AriEvent, { readonly type: T }>;

/** The channel that an event is about; undefined when it is about none. */
export function channelOf(event: AriEvent): string | undefined {
  if ("playback" in event) return channelOfTarget(event.playback.target_uri);
  if ("recording" in event) return channelOfTarget(event.recording.target_uri);
  return "channel" in event ? event.channel?.id : undefined;
}

/** A playback or a recording is of a channel (`channel:ID`) or of a bridge (`bridge:ID`). */
function channelOfTarget(uri: string): string | undefined {
  return uri.startsWith("channel:") ? uri.slice("channel:".length) : undefined;
}

/**
 * A message of the events socket. Problems name fields, never values: those may be phone numbers.
 */
export type ParsedMessage =
  | { readonly kind: "event"; readonly event: AriEvent }
  | { readonly kind: "not_in_use"; readonly type: string }
  | {
    readonly kind: "malformed";
    readonly type: string;
    /** The channel that it is about, as far as one can tell. */
    readonly channel?: string;
    readonly problems: readonly string[];
  };

const Typed = z.object({ type: z.string().regex(/^\w{1,64}$/) });

/** Parses one message of the events socket. Never throws. */
export function parseMessage(text: string): ParsedMessage {
  const json = parseJson(text);
  if (!json) return malformed("(none)", [`not JSON (${text.length} characters)`]);
  const typed = Typed.safeParse(json.value);
  if (!typed.success) return malformed("(none)", ["type: not an event's name"]);
  const { type } = typed.data;
  if (!EVENT_SCHEMAS.has(type)) return { kind: "not_in_use", type };
  const parsed = AnyEvent.safeParse(json.value);
  if (parsed.success) return { kind: "event", event: parsed.data };
  const problems = parsed.error.issues.slice(0, MOST_PROBLEMS).map(({ path, message }) =>
    `${path.join(".")}: ${message}`
  );
  const about = AboutChannel.safeParse(json.value);
  return { ...malformed(type, problems), ...about.success && { channel: about.data.channel.id } };
}

/** Of one message; the first ones say enough. */
const MOST_PROBLEMS = 5;

/**
 * As Asterisk makes ids, `1795641870.17`, perhaps behind its `systemname`, or as we do; nothing else of
 * a message is quoted.
 */
const AboutChannel = z.object({
  channel: z.object({
    id: z.string().regex(/^(?:(?:[\w-]{1,32}-)?\d{1,12}\.\d{1,9}|voxbot-[\w-]{1,40})$/),
  }),
});

function event<const T extends string, S extends z.ZodRawShape>(type: T, shape: S) {
  return z.object({
    type: z.literal(type),
    application: z.string(),
    timestamp: z.string(),
    ...shape,
  });
}

function malformed(type: string, problems: readonly string[]) {
  return { kind: "malformed", type, problems } as const;
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    // The parser's message quotes the text, which must not reach a log.
    return undefined;
  }
}
