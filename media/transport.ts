// The one interface behind which every way of carrying a call's audio stands. What differs
// between transports is who owns the playout clock: Asterisk, or we.

import type { AudioOutput } from "./audio_output.ts";
import type { Pcm } from "./frame.ts";
import type { LineStats } from "./line_stats.ts";

/** What a transport tells the call that owns it. Handlers must not throw. */
export interface MediaHandlers {
  /** The caller's audio: one frame (20 ms, 16 kHz), in order. None come while the far end sends none. */
  onFrame(frame: Pcm): void;
  /** Everything sent before this mark has been played out to the caller. */
  onMark(markId: string): void;
  /**
   * The PBX itself noticed that the caller began or stopped making sound. Only from transports
   * whose frames come late (files): a hint to pause on, before the frames can prove it.
   */
  onTalking?(talking: boolean): void;
  /** The transport has ended, and no other handler will be called. "hangup": the far end closed it in order. */
  onClose(reason: "hangup" | "lost", detail: string): void;
}

/** A call's audio path, from connect to close. */
export interface MediaTransport extends AsyncDisposable {
  readonly kind: "websocket" | "audiosocket" | "rtp" | "files";

  /** The bot's voice. What is sent before `open` resolves is played afterwards. */
  readonly out: AudioOutput;

  /**
   * Connects and starts delivering to `handlers`. Called once.
   *
   * @throws when the PBX does not take the connection before `signal` aborts.
   */
  open(handlers: MediaHandlers, signal: AbortSignal): Promise<void>;

  /** Counts since `open`, as a copy. */
  readonly stats: LineStats;
}

/**
 * How a call's audio is to travel: chosen by the service from what the PBX has
 * (asterisk/transports/choose.ts), sent to the call isolate. Plain data.
 */
export type MediaPlan =
  | { readonly kind: "websocket" }
  | { readonly kind: "audiosocket"; readonly host: string; readonly format: "slin" | "slin16" }
  | {
    readonly kind: "rtp";
    readonly host: string;
    /** First and last UDP port to take one from, both included. */
    readonly ports: readonly [number, number];
    readonly format: "ulaw" | "alaw";
  }
  | {
    readonly kind: "files";
    /** The PBX's sounds folder, as this process sees it; phrases are written to its `language`. */
    readonly soundsDir: string;
    readonly language: string;
    /** The PBX's folder of ARI recordings, as this process sees it: the caller's audio grows there. */
    readonly recordingDir: string;
    /** How often a phrase that was not audible is tried again. */
    readonly retries: number;
  };

/**
 * What a call isolate has made ready for the PBX to connect to, and what the service asks the PBX
 * for (`externalMediaQuery` of asterisk/transports/external_media.ts). Plain data.
 */
export type MediaOffer =
  | { readonly kind: "websocket" }
  | {
    readonly kind: "audiosocket";
    readonly host: string;
    readonly port: number;
    /** The only connection taken is the one that gives this UUID. */
    readonly uuid: string;
    readonly format: "slin" | "slin16";
  }
  | {
    readonly kind: "rtp";
    readonly host: string;
    readonly port: number;
    readonly format: "ulaw" | "alaw";
  }
  | { readonly kind: "files" };

/**
 * Where a call isolate finds its media once the PBX has a channel for it: made by the service
 * (which holds the ARI credentials), used by the isolate (which holds none). Plain data.
 */
export type MediaAddress =
  | { readonly kind: "websocket"; readonly url: string }
  | { readonly kind: "audiosocket" }
  | {
    readonly kind: "rtp";
    /** The PBX's UNICASTRTP_LOCAL_ADDRESS and UNICASTRTP_LOCAL_PORT: packets from elsewhere are dropped. */
    readonly host: string;
    readonly port: number;
  }
  | { readonly kind: "files" };

/**
 * The first of two steps to a transport, for those where the PBX connects to us:
 *
 * ```
 * service                                    call isolate
 *   MediaPlan            ───────────────▶    prepareMedia(plan): sockets are bound
 *   externalMedia(offer) ◀───────────────    listener.offer
 *   MediaAddress         ───────────────▶    listener.transport(address).open(handlers, signal)
 * ```
 *
 * Nothing has to be handed over when an isolate dies: its successor prepares a socket of its own,
 * and the service puts a new channel in the same bridge. Where the PBX listens (websocket) or
 * nobody does (files) the offer is empty, and the service need not wait for it.
 */
export interface MediaListener extends AsyncDisposable {
  readonly offer: MediaOffer;

  /**
   * The transport for the channel the PBX made of the offer; the sockets are its own from now on.
   * Called once.
   *
   * @throws {TypeError} when `address` is of another kind than the offer.
   */
  transport(address: MediaAddress): MediaTransport;
}
