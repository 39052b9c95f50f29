// What a fault of the storm is, and what it can reach.

import type { Simulator } from "../../testing/mod.ts";
import type { StormModel } from "./model.ts";
import type { ServiceProcess } from "./service_process.ts";
import type { SmallDisk } from "./small_disk.ts";

/** The surroundings that a fault can reach. */
export interface Victim {
  readonly service: ServiceProcess;
  readonly pbx: Simulator;
  readonly disk: SmallDisk | undefined;
  readonly model: StormModel;
  /** The call it is aimed at. */
  readonly callId: string;
}

/** One kind of fault. */
export interface Fault {
  readonly kind: string;
  /** The share of this kind, in percent. */
  readonly share: number;
  /** Whom it hits: the targeted call, every call, or nobody who would notice. */
  readonly hits: "the call" | "all calls" | "no call";
  /** Whether it delays the PBX's replies, so that other repairs take longer meanwhile. */
  readonly slowsOthers?: boolean;
  /**
   * Inflicts it. Resolves once it is over, with the moment from which the repair is timed (when it struck,
   * or when the new process started; ms since the epoch), or undefined if nothing was broken.
   */
  inflict(victim: Victim): Promise<number | undefined>;
}
