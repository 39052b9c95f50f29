// What a simulated PBX offers to tests and the demo, wherever it runs.

import type { TestCaller, TestPbx } from "../caller.ts";
import type { LineCodec } from "./media/line.ts";
import type { SimulatedFolders } from "./ari/operation.ts";
import type { Sounds } from "./pbx/playbacks.ts";

/** What the simulated PBX is like; everything has a default. */
export interface SimulatorOptions {
  /** Port of ARI and media on 127.0.0.1; 0, the default, takes a free one. */
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  /** Stasis application that the dialplan leads calls to. Default `voxbot`. */
  readonly app?: string;
  /** The dialplan answers before it enters the application, as asterisk/etc does. Default true. */
  readonly answer?: boolean;
  /** Channel language the dialplan sets. Default `en`. */
  readonly language?: string;
  /**
   * Contexts a call can be continued in and stays on the line, and the tone (Hz) it hears there.
   * Default: those of asterisk/etc, `voxbot-fallback` (440) and `voxbot-operators` (880).
   */
  readonly contexts?: Readonly<Record<string, number>>;
  /** Extensions that lead to such a context and past the application. Default `200`: the operators. */
  readonly extensions?: Readonly<Record<string, string>>;
  /**
   * Context for calls when the application is not there, and the service's `ARI_FALLBACK_CONTEXT`.
   * Default `voxbot-fallback`; "" hangs up.
   */
  readonly failedContext?: string;
  /** The line of every caller, unless a call says otherwise. */
  readonly line?: LineOptions;
  /** What `sound:<name>` plays. Any other sound fails to play, as a missing file does. */
  readonly sounds?: Sounds;
  /** Its own folders, with `sounds` and `recording` in them. Without: it plays and records no files. */
  readonly folders?: SimulatedFolders;
  /** The version it claims to be. Default `22.10.1-simulated`. */
  readonly version?: string;
  /** Modules `GET /asterisk/modules` lists. */
  readonly modules?: readonly string[];
  /** MEDIA_START comes this much late, so that audio can come before it. Default 0. */
  readonly mediaStartDelayMs?: number;
  /** A media channel nobody connects to is destroyed after this. Default 30 s, as on a real PBX. */
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

/** A simulated PBX. What it does wrong on purpose is asked of it by the methods below. */
export interface Simulator extends TestPbx {
  readonly kind: "simulator";
  readonly port: number;
  call(options?: SimulatedCallOptions): Promise<SimulatedCaller>;
  /** All live channels. */
  channels(): Promise<readonly ChannelView[]>;
  /** ARI requests answered so far, oldest first. */
  requests(): Promise<readonly AnsweredRequest[]>;
  /** How many 20 ms ticks this process was too busy for; above 0, frame timings are not to be trusted. */
  skippedTicks(): Promise<number>;

  /** Cuts the events sockets of an application (or all) without a close frame; calls and media stay. */
  cutEvents(app?: string): Promise<void>;
  /** Cuts the media socket of one external media channel (or all); the PBX hangs that channel up. */
  cutMedia(channelId?: string): Promise<void>;
  /** The next `count` media sockets are refused with 503, as by a PBX that has no room for them. */
  refuseMedia(count: number): Promise<void>;
  /** From now on ARI answers so much later; commands still take effect at once. */
  delayReplies(ms: number): Promise<void>;
  /** The next `count` commands are answered with `status` (default 500) and not executed. */
  failCommands(count: number, status?: number): Promise<void>;
  /** Sends any text as if it were an event. */
  sendRawEvent(text: string): Promise<void>;
  /** Sends each application's latest StasisStart once more. */
  repeatStasisStart(): Promise<void>;
  /** Ends the PBX's process and starts it again on the same port: all calls are lost. */
  restart(options?: { readonly downMs?: number }): Promise<void>;
  /** Stops listening and cuts every connection, yet keeps the calls: the network is gone. */
  stopListening(): Promise<void>;
  /** Ends `stopListening`. */
  resumeListening(): Promise<void>;
}

/** What the caller's line is like. */
export interface LineOptions {
  /** How audio travels: through an 8 kHz µ-law phone line, or untouched. Default `ulaw`. */
  readonly codec?: LineCodec;
  /** The caller's phone lets the bot's voice back into its microphone. Default: it does not. */
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
  /** Keys the bot has sent to the caller. */
  readonly digitsHeard: readonly string[];
}

/** The call ended before it could be answered, or while the caller was speaking. */
export class CallOverError extends Error {
  override readonly name = "CallOverError";
}

/** One ARI request that was answered. */
export interface AnsweredRequest {
  readonly method: string;
  readonly path: string;
  /** From the question mark on, or "". */
  readonly query: string;
  readonly status: number;
}
