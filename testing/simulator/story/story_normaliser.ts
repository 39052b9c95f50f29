// Removes from a PBX's messages what differs from run to run and from dialplan to dialplan.

/** Fields with a time or the PBX's identity. */
const DROPPED = new Set(["timestamp", "creationtime", "asterisk_id"]);
/** Variables with statistics of the caller's RTP, set at the end of a call. */
const RTP_STATISTICS = /^RTPAUDIOQOS/;
const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Normalises one chapter, with names for its channels. */
export class Normaliser {
  readonly #names = new Map<string, string>();

  /** From now on `id` is written as `name`. */
  call(id: string, name: string): void {
    this.#names.set(id, name);
  }

  /** `head` followed by the JSON, both normalised. */
  text(head: string, json: unknown): string {
    return this.#rename(`${head} ${JSON.stringify(normal(json))}`.trim());
  }

  /** Events by application and subject. */
  events(heard: (readonly [app: string, events: readonly object[]])[]): Record<string, string[]> {
    const subjects: Record<string, string[]> = {};
    for (const [app, events] of heard) {
      for (const event of events as Record<string, unknown>[]) {
        if (RTP_STATISTICS.test(String(event.variable))) continue;
        const { type, application: _, ...facts } = event;
        (subjects[this.#rename(`${app}: ${subject(facts)}`)] ??= [])
          .push(this.text(String(type), withoutChance(type, facts)));
      }
    }
    return subjects;
  }

  #rename(text: string): string {
    for (const [id, name] of this.#names) text = text.replaceAll(id, name);
    return text.replace(UUID, "uuid");
  }
}

/** The subject of an event: the channel, if it has one. */
function subject({ channel, peer, playback, recording, bridge }: Record<string, unknown>): string {
  const named = (channel ?? peer ?? playback ?? recording ?? bridge) as
    | { id?: string; name?: string }
    | undefined;
  return named?.id ?? named?.name ?? "application";
}

/** The event without what depends on the caller's phone or on chance. */
function withoutChance(type: unknown, facts: Record<string, unknown>): Record<string, unknown> {
  if (type === "ChannelDtmfReceived") return { ...facts, duration_ms: 0 };
  if (facts.variable === "BRIDGEPVTCALLID" && facts.value !== "") {
    return { ...facts, value: "call-id" };
  }
  // Asterisk sometimes names the cause of a caller's BYE and sometimes does not.
  const byCaller = type === "ChannelHangupRequest" && !("soft" in facts || "tech_cause" in facts);
  return byCaller ? { ...facts, cause: undefined } : facts;
}

function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .filter(([key]) => !DROPPED.has(key))
    .map(([key, inner]) => [key, normalField(key, inner)] as const)
    .sort(([a], [b]) => a < b ? -1 : 1);
  return Object.fromEntries(entries);
}

function normalField(key: string, value: unknown): unknown {
  // The position in the dialplan differs between dialplans; the application there does not.
  if (key === "dialplan") return (value as { app_name: string }).app_name;
  if (key === "protocol_id" && value !== "") return "call-id";
  if (typeof value !== "string") return normal(value);
  return value.replace(/\bPJSIP\/[\w-]+/g, "PJSIP/caller").replace(/\/0x[0-9a-f]+/g, "/0x");
}
