// What the console needs from the service.

import type { CallRecord } from "../actors/call_record.ts";
import type { ListedCall, ListPlace } from "../actors/service/journal/listed_calls.ts";
import type { FaultKind } from "../actors/otp/control.ts";

/** The calls of this service: the live ones, and the ended ones as long as they are kept. */
export interface CallDirectory {
  /** The calls that follow `after`, or the newest ones; newest first, at most `limit`. */
  page(after: ListPlace | undefined, limit: number): readonly ListedCall[];
  get(id: string): CallRecord | undefined;
  /** The recording's file, if there is one. That of a live call is still growing. */
  recordingPath(id: string): string | undefined;
  /**
   * Breaks the call's isolate. Resolves when the fault strikes, with the milliseconds since the
   * epoch; with undefined when the call is not live or its isolate ended first for another reason.
   */
  injectFault(id: string, kind: FaultKind): Promise<number | undefined>;
  /** As `injectFault`, for the speech engine. */
  injectEngineFault(kind: FaultKind): Promise<number | undefined>;
}

/** Whether the service can take calls. */
export interface Health {
  /** `reason` says what is missing or, when ready, what the service is connected to. */
  ready(): { readonly ready: boolean; readonly reason: string };
}
