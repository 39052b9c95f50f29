// The text frames of chan_websocket, JSON in both directions (`f(json)`); their shapes are those
// of channels/chan_websocket.c in Asterisk 22.10.1.

import { z } from "zod";

/** What we tell the PBX. It drops a text frame of more than 128 bytes: ids must be short. */
export type ControlCommand =
  | { readonly command: "MARK_MEDIA"; readonly correlation_id: string }
  | {
    readonly command:
      | "FLUSH_MEDIA"
      | "PAUSE_MEDIA"
      | "CONTINUE_MEDIA"
      | "REPORT_QUEUE_DRAINED";
  };

const EVENTS = [
  z.object({
    event: z.literal("MEDIA_START"),
    format: z.string(),
    optimal_frame_size: z.number(),
  }),
  z.object({ event: z.literal("MEDIA_MARK_PROCESSED"), correlation_id: z.string() }),
  z.object({ event: z.literal("DTMF_END"), digit: z.string().regex(/^[0-9*#A-D]$/) }),
  z.object({ event: z.literal("MEDIA_XOFF") }),
  z.object({ event: z.literal("MEDIA_XON") }),
  z.object({ event: z.literal("QUEUE_DRAINED") }),
  z.object({ event: z.literal("ERROR"), error_text: z.string() }),
] as const;

const ControlEvent = z.discriminatedUnion("event", EVENTS);
const IN_USE: ReadonlySet<string> = new Set(EVENTS.map(({ shape }) => shape.event.value));
const Named = z.object({ event: z.string().regex(/^\w{1,64}$/) });

/** What the PBX tells us. */
export type ControlEvent = z.infer<typeof ControlEvent>;

/** A text frame, read. A problem quotes no value: MEDIA_START carries channel variables. */
export type ParsedControl =
  | { readonly kind: "event"; readonly event: ControlEvent }
  | { readonly kind: "not_in_use"; readonly name: string }
  | { readonly kind: "malformed"; readonly problem: string };

/** Reads a text frame. Never throws. */
export function parseControl(text: string): ParsedControl {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { kind: "malformed", problem: `not JSON (${text.length} characters)` };
  }
  const named = Named.safeParse(json);
  if (!named.success) return { kind: "malformed", problem: "no event's name" };
  const name = named.data.event;
  if (!IN_USE.has(name)) return { kind: "not_in_use", name };
  const parsed = ControlEvent.safeParse(json);
  if (parsed.success) return { kind: "event", event: parsed.data };
  const [issue] = parsed.error.issues;
  return { kind: "malformed", problem: `${name}.${issue?.path.join(".")}: ${issue?.message}` };
}
