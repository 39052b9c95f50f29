// What a simulated PBX offers to tests and the demo, in whichever isolate it runs.

import type { TestCaller, TestPbx } from "../caller.ts";
import type { LineCodec } from "./media/line.ts";
import type { SimulatedFolders } from "./ari/operation.ts";
import type { Sounds } from "./pbx/playbacks.ts";

/** Options of a simulated PBX; each has a default. */
export interface SimulatorOptions {
  /** Port of ARI and media on 127.0.0.1; 0, the default, takes a free one. */
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  /** The Stasis application that the dialplan sends calls to. Default `voxbot`. */
  readonly app?: string;
  /**
   * Whether the dialplan answers before it enters the application, as asterisk/etc does. Default
   * true.
   */
  readonly answer?: boolean;
  /** The channel language that the dialplan sets. Default `en`. */
  readonly language?: string;
  /**
   * Contexts that keep a call on the line, each with the tone (Hz) that the caller hears there.
   * Default: those of asterisk/etc, `voxbot-fallback` (440) and `voxbot-operators` (880).
   */
  readonly contexts?: Readonly<Record<string, number>>;
  /**
   * Extensions that lead to such a context instead of the application. Default `200`: the
   * operators.
   */
  readonly extensions?: Readonly<Record<string, string>>;
  /**
   * Context for calls when nobody listens for the application; also the service's
   * `ARI_FALLBACK_CONTEXT`.
   * Default `voxbot-fallback`; "" hangs up.
   */
  readonly failedContext?: string;
  /** The line of every caller, unless a call says otherwise. */
  readonly line?: LineOptions;
  /** What `sound:<name>` plays, by name. Any other sound fails like a missing file. */
  readonly sounds?: Sounds;
  /**
   * Its folders, which must contain `sounds` and `recording`. Without them it plays and records no
   * files.
   */
  readonly folders?: SimulatedFolders;
  /** `systemname` of asterisk.conf: the ids of all callers' channels begin with it. Default: none. */
  readonly systemName?: string;
  /** The Asterisk version it claims to be. Default `22.10.1-simulated`. */
  readonly version?: string;
  /** Modules `GET /asterisk/modules` lists. */
  readonly modules?: readonly string[];
  /** Delay of MEDIA_START, so that audio can come before it. Default 0. */
  readonly mediaStartDelayMs?: number;
  /** Life of a media channel that nobody connects to. Default 30 s, as on a real PBX. */
  readonly mediaConnectTimeoutMs?: number;
}

/** What a channel on the PBX is doing, for tests to look at. */
export interface ChannelView {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  /** The application it is in, if it is in one. */
  readonly app: string | undefined;
  /** Where it is in the dialplan. */
  readonly context: string;
}

/** A simulated PBX. The methods from `cutEvents` on make it show a fault. */
export interface Simulator extends TestPbx {
  readonly kind: "simulator";
  readonly port: number;
  call(options?: SimulatedCallOptions): Promise<SimulatedCaller>;
  /** All live channels. */
  channels(): Promise<readonly ChannelView[]>;
  /** ARI requests answered so far, oldest first. */
  requests(): Promise<readonly AnsweredRequest[]>;
  /** Ticks of 20 ms that this process was too busy for: above 0, do not trust frame timings. */
  skippedTicks(): Promise<number>;

  /**
   * Cuts the events sockets of an application, or all, without a close frame. Calls and media stay.
   */
  cutEvents(app?: string): Promise<void>;
  /** Cuts the media socket of an external media channel, or all; the PBX hangs the channel up. */
  cutMedia(channelId?: string): Promise<void>;
  /** Refuses the next `count` media sockets with 503, like a PBX that has no room for them. */
  refuseMedia(count: number): Promise<void>;
  /**
   * Closes connections over `limit` without an answer, like http.conf's `sessionlimit`: of ARI, events
   * and media together.
   */
  limitSessions(limit: number): Promise<void>;
  /** Most connections there were at a time so far. */
  mostSessions(): Promise<number>;
  /** From now on, delays ARI's answers; commands still take effect immediately. */
  delayReplies(ms: number): Promise<void>;
  /** Answers the next `count` commands with `status` (default 500) without executing them. */
  failCommands(count: number, status?: number): Promise<void>;
  /** Sends any text in place of an event. */
  sendRawEvent(text: string): Promise<void>;
  /** Repeats each application's latest StasisStart. */
  repeatStasisStart(): Promise<void>;
  /** Ends the PBX's process and restarts it on the same port: all calls are lost. */
  restart(options?: { readonly downMs?: number }): Promise<void>;
  /** Stops listening and cuts every connection but keeps the calls: the network is down. */
  stopListening(): Promise<void>;
  /** Ends `stopListening`. */
  resumeListening(): Promise<void>;
}

/** The caller's line. */
export interface LineOptions {
  /** Whether audio passes through an 8 kHz µ-law phone line or stays untouched. Default `ulaw`. */
  readonly codec?: LineCodec;
  /**
   * How much of the bot's voice the caller's phone lets back into its microphone. Default: nothing.
   */
  readonly echo?: { readonly attenuationDb: number; readonly delayMs: number };
}

/** How a call is placed. */
export interface SimulatedCallOptions {
  readonly callerNumber?: string;
  readonly extension?: string;
  readonly line?: LineOptions;
}

/** A caller on the simulated PBX. */
export interface SimulatedCaller extends TestCaller {
  /** The id of the caller's channel on the PBX. */
  readonly channelId: string;
  /** The keys that the bot has sent to the caller. */
  readonly digitsHeard: readonly string[];
}

/** The call ended before it was answered, or while the caller was speaking. */
export class CallOverError extends Error {
  override readonly name = "CallOverError";
}

/** An ARI request that the PBX has answered. */
export interface AnsweredRequest {
  readonly method: string;
  readonly path: string;
  /** From the question mark on, or "". */
  readonly query: string;
  readonly status: number;
}
