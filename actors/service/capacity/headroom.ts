// What the rest of the service asks about its capacity: is there room for one more call, and must
// optional work be left out? `capacity_guard.ts` measures and answers.

/** What a call needs and what can run out. */
export type Resource =
  /** The processor, by all threads of the service. */
  | "cpu"
  /** Local recognisers. */
  | "recognition"
  /** The service's own thread answers late: the machine is busy, whoever with. */
  | "event_loop"
  /** Voice detection answers late, and calls go by loudness. */
  | "voice_detection"
  /** Calls that are being set up: each takes the processor for a moment. */
  | "starts";

/** Whether one more call can be taken. */
export type Room =
  | { readonly ok: true }
  /** `figures` says it for the operator, with numbers; nothing of a call is in it. */
  | { readonly ok: false; readonly ranOut: Resource; readonly figures: string };

/** Under "high" calls leave out what is optional, so that nobody's turn or audio is late. */
export type Pressure = "none" | "high";

/** The service's headroom. */
export interface Headroom {
  /**
   * Whether one more call keeps the promises made to all. Cheap; to be asked for each call. It
   * remembers no answer: a call counts once it is among the `live` ones.
   *
   * @param live calls that are up, those that are starting included.
   * @param starting those of them that wait for their first isolate.
   */
  room(live: number, starting: number): Room;
  readonly pressure: Pressure;
}

/** The headroom of a service that does not guard it (`CAPACITY_GUARD=false`). */
export const UNGUARDED: Headroom = { room: () => ({ ok: true }), pressure: "none" };
