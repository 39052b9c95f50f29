// What the console needs of the service behind it.

import type { CallRecord } from "../actors/call_record.ts";

/** Ways to break an isolate on purpose. */
export const FAULT_KINDS = ["throw", "hang", "oom", "exit"] as const;

/** One way to break an isolate on purpose. */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** The calls of this service: the live ones and those that ended not long ago. */
export interface CallDirectory {
  /** Newest first. */
  list(): readonly CallRecord[];
  get(id: string): CallRecord | undefined;
  /** The recording's file, when there is one; a live call's is still growing. */
  recordingPath(id: string): string | undefined;
  /** Breaks the call's isolate; false when the call is not live. */
  injectFault(id: string, kind: FaultKind): boolean;
  /** Breaks the speech engine; false when it is not running. */
  injectEngineFault(kind: FaultKind): boolean;
}

/** Whether the service can take calls. */
export interface Health {
  /** `reason` says what is missing, or what it is ready for. */
  ready(): { readonly ready: boolean; readonly reason: string };
}
