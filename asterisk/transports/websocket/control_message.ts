// The text frames of chan_websocket: JSON in both directions (`f(json)`), with the shapes of
// channels/chan_websocket.c in Asterisk 22.10.1.

/** Most ASCII characters in a mark's id: the PBX drops a text frame of more than 128 bytes. */
export const LONGEST_MARK_ID = 80;

/** Commands to the PBX. */
export type ControlCommand =
  | { readonly command: "MARK_MEDIA"; readonly correlation_id: string }
  | {
    readonly command:
      | "FLUSH_MEDIA"
      | "PAUSE_MEDIA"
      | "CONTINUE_MEDIA"
      | "REPORT_QUEUE_DRAINED";
  };

/** Events from the PBX that are in use. */
export type ControlEvent =
  | {
    readonly event: "MEDIA_START";
    readonly format: string;
    /** Bytes in 20 ms. */
    readonly optimal_frame_size: number;
  }
  | { readonly event: "MEDIA_MARK_PROCESSED"; readonly correlation_id: string }
  | { readonly event: "MEDIA_XOFF" | "MEDIA_XON" | "QUEUE_DRAINED" }
  | { readonly event: "ERROR"; readonly error_text: string };

/** A text frame, parsed. A problem quotes no value: MEDIA_START carries channel variables. */
export type ParsedControl =
  | { readonly kind: "event"; readonly event: ControlEvent }
  | { readonly kind: "not_in_use"; readonly name: string }
  | { readonly kind: "malformed"; readonly problem: string };

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === "string";
const number: Check = (value) => typeof value === "number";

/** The fields of each event. Checked by hand: a schema library costs each call's isolate 14 ms and 5 MB. */
const FIELDS: Readonly<Record<ControlEvent["event"], Readonly<Record<string, Check>>>> = {
  MEDIA_START: { format: text, optimal_frame_size: number },
  MEDIA_MARK_PROCESSED: { correlation_id: text },
  MEDIA_XOFF: {},
  MEDIA_XON: {},
  QUEUE_DRAINED: {},
  ERROR: { error_text: text },
};

/** Parses a text frame. Never throws. */
export function parseControl(frame: string): ParsedControl {
  let json: unknown;
  try {
    json = JSON.parse(frame);
  } catch {
    return { kind: "malformed", problem: `not JSON (${frame.length} characters)` };
  }
  const message = (typeof json === "object" && json !== null ? json : {}) as Record<
    string,
    unknown
  >;
  const name = message.event;
  if (typeof name !== "string" || !/^\w{1,64}$/.test(name)) {
    return { kind: "malformed", problem: "no event's name" };
  }
  if (!Object.hasOwn(FIELDS, name)) return { kind: "not_in_use", name };
  const fields = Object.entries(FIELDS[name as ControlEvent["event"]]);
  const wrong = fields.find(([field, isRight]) => !isRight(message[field]));
  if (wrong) {
    return { kind: "malformed", problem: `${name}.${wrong[0]}: missing, or of the wrong type` };
  }
  const inUse = Object.fromEntries(fields.map(([field]) => [field, message[field]]));
  return { kind: "event", event: { event: name, ...inUse } as ControlEvent };
}
