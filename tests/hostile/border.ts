// A border: a place where the service takes what others wrote. A hostile run sends inputs across each.

import type { Simulator } from "../../testing/mod.ts";
import type { ServiceProcess } from "../chaos/service_process.ts";
import type { Mutator } from "./mutator.ts";

/** The running service, and the PBX it serves. */
export interface Target {
  readonly service: ServiceProcess;
  readonly pbx: Simulator;
  /** The ids of the callers' channels in the calls beside: the PBX itself may not end those. */
  readonly channels: readonly string[];
}

/** An open border: takes one hostile input after another. */
export interface Gate extends AsyncDisposable {
  /**
   * Sends one input across. Gives back how the input reads, for a report. An error that it throws is a
   * finding, but for those that the border promises (the gate takes them).
   */
  take(mutator: Mutator, index: number): string | Promise<string>;
  /** Everything that the border told an operator since the last call, besides the log. */
  told?(): string;
  /** Waits until the inputs have arrived. */
  settled?(): Promise<void>;
}

/** One border. */
export interface Border {
  readonly name: string;
  /** Its share of all inputs. */
  readonly share: number;
  /** Whether the inputs go to the running service; otherwise its code runs in this process. */
  readonly live: boolean;
  open(target: Target): Gate | Promise<Gate>;
}

/** What an input did that none may. */
export interface Finding {
  readonly border: string;
  /** The first and the last of the inputs that may have done it. */
  readonly from: number;
  readonly to: number;
  readonly what: string;
  readonly input?: string;
}
