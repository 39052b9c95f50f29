// The messages between a simulated PBX in a worker and its owner.

import type { ProxyMarked } from "comlink";
import type { HeardFrame, PbxEnv } from "../caller.ts";
import type { Pcm } from "../../media/frame.ts";
import type {
  SimulatedCaller,
  SimulatedCallOptions,
  Simulator,
  SimulatorOptions,
} from "./simulator.ts";

/** The interface of worker.ts. Callers are known by the ids of their channels. */
export interface SimulatorWorker {
  start(options: SimulatorOptions): Promise<{
    readonly port: number;
    readonly env: PbxEnv;
    readonly timeOrigin: number;
  }>;
  readonly simulator: Simulator & ProxyMarked;
  /** @param events gets a `CallerEvent` for everything that happens to the caller. */
  call(options: SimulatedCallOptions, events: MessagePort): Promise<string>;
  say(id: string, pcm: Pcm): ReturnType<SimulatedCaller["say"]>;
  press(id: string, digit: string): Promise<void>;
  mute(id: string, muted: boolean): void;
  hangUp(id: string): Promise<void>;
  /** Ends the PBX and every call on it. */
  stop(): Promise<void>;
}

/** What happens to a caller, with times by the worker's clock. */
export type CallerEvent =
  | { readonly kind: "answered" }
  | { readonly kind: "unanswered"; readonly message: string }
  | { readonly kind: "heard"; readonly frame: HeardFrame }
  | { readonly kind: "digit"; readonly digit: string }
  | { readonly kind: "ended"; readonly reason: string };
