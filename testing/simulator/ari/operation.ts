// What an ARI operation gets and returns.

import type { SimulatedPbx } from "../pbx/pbx.ts";

/** The parameters of one request: of its path, its query and its JSON body. */
export interface Parameters {
  /** The last value of a parameter; undefined when absent or empty. */
  text(name: string): string | undefined;
  /** All values of a parameter. */
  all(name: string): readonly string[];
  /** Channel variables of the JSON body. */
  readonly variables: Readonly<Record<string, string>>;
}

/** An answer: JSON, bytes, or neither (204). */
export interface OperationReply {
  readonly status: number;
  readonly json?: unknown;
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** Runs after the answer has left, in the real PBX's order. */
  readonly afterwards?: () => void | Promise<void>;
}

/** The folders of the PBX's files. */
export interface SimulatedFolders {
  /** ASTDATADIR, which contains `sounds`. */
  readonly dataDir: string;
  /** ASTSPOOLDIR, which contains `recording`. */
  readonly spoolDir: string;
}

/** The PBX, as operations need it. */
export interface OperationContext {
  readonly pbx: SimulatedPbx;
  readonly version: string;
  readonly modules: readonly string[];
  readonly startedAt: string;
  readonly folders: SimulatedFolders | undefined;
  readonly mediaStartDelayMs: number;
  readonly mediaConnectTimeoutMs: number;
  /** Ends the process of the PBX: the request is never answered. */
  crash(why: string): never;
}
