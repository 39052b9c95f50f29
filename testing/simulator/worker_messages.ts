// Everything a simulated PBX in a worker and its owner say to each other.

import type { ProxyMarked } from "comlink";
import type { HeardFrame } from "../caller.ts";
import type { Pcm } from "../../media/frame.ts";
import type {
  SimulatedCaller,
  SimulatedCallOptions,
  Simulator,
  SimulatorOptions,
} from "./simulator.ts";

/** What worker.ts offers. A caller is named by its channel's id. */
export interface SimulatorWorker {
  start(options: SimulatorOptions): Promise<{
    readonly port: number;
    readonly env: Readonly<Record<string, string>>;
    readonly timeOrigin: number;
  }>;
  readonly simulator: Simulator & ProxyMarked;
  /** @param events receives a `CallerEvent` for all that happens to the caller. */
  call(options: SimulatedCallOptions, events: MessagePort): Promise<string>;
  say(id: string, pcm: Pcm): ReturnType<SimulatedCaller["say"]>;
  press(id: string, digit: string): Promise<void>;
  mute(id: string, muted: boolean): void;
  hangUp(id: string): Promise<void>;
  /** Ends the PBX and every call on it. */
  stop(): Promise<void>;
}

/** What happens to a caller in the worker. Times are the worker's. */
export type CallerEvent =
  | { readonly kind: "answered" }
  | { readonly kind: "unanswered"; readonly message: string }
  | { readonly kind: "heard"; readonly frame: HeardFrame }
  | { readonly kind: "digit"; readonly digit: string }
  | { readonly kind: "ended"; readonly reason: string };
