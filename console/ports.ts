// What the console needs of the service behind it.

import type { CallRecord } from "../actors/call_record.ts";
import type { FaultKind } from "../actors/otp/control.ts";

/** The calls of this service: the live ones and those that ended not long ago. */
export interface CallDirectory {
  /** Newest first. */
  list(): readonly CallRecord[];
  get(id: string): CallRecord | undefined;
  /** The recording's file, when there is one; a live call's is still growing. */
  recordingPath(id: string): string | undefined;
  /**
   * Breaks the call's isolate. Resolves when the fault strikes, with the milliseconds since the
   * epoch; with undefined when the call is not live, or its isolate ended otherwise.
   */
  injectFault(id: string, kind: FaultKind): Promise<number | undefined>;
  /** The same for the speech engine. */
  injectEngineFault(kind: FaultKind): Promise<number | undefined>;
}

/** Whether the service can take calls. */
export interface Health {
  /** `reason` says what is missing, or what it is ready for. */
  ready(): { readonly ready: boolean; readonly reason: string };
}
