// What an ARI operation is given and gives back.

import type { SimulatedPbx } from "../pbx/pbx.ts";

/** The parameters of one request, by name, from its path, its query and its JSON body. */
export interface Parameters {
  /** The last value given; undefined when absent or empty. */
  text(name: string): string | undefined;
  /** All values given. */
  all(name: string): readonly string[];
  /** Channel variables of the JSON body. */
  readonly variables: Readonly<Record<string, string>>;
}

/** An answer: JSON, bytes or nothing (204). */
export interface OperationReply {
  readonly status: number;
  readonly json?: unknown;
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** Sent after the answer has left, as the real PBX does. */
  readonly afterwards?: () => void | Promise<void>;
}

/** Where the PBX has its files. */
export interface SimulatedFolders {
  /** ASTDATADIR: sounds are in its `sounds`. */
  readonly dataDir: string;
  /** ASTSPOOLDIR: recordings are in its `recording`. */
  readonly spoolDir: string;
}

/** The PBX and what of it operations may set off. */
export interface OperationContext {
  readonly pbx: SimulatedPbx;
  readonly version: string;
  readonly modules: readonly string[];
  readonly startedAt: string;
  readonly folders: SimulatedFolders | undefined;
  readonly mediaStartDelayMs: number;
  readonly mediaConnectTimeoutMs: number;
  /** The process of the PBX dies now; the request is never answered. */
  crash(why: string): never;
}
