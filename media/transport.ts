// The interface of every way to carry a call's audio. Transports differ in who owns the playout
// clock: Asterisk or we.

import type { AudioOutput } from "./audio_output.ts";
import type { Pcm } from "./frame.ts";
import type { LineStats } from "./line_stats.ts";

/** What a transport reports to the call that owns it. Handlers must not throw. */
export interface MediaHandlers {
  /** The caller's next frame (20 ms, 16 kHz). None come while the far end sends none. */
  onFrame(frame: Pcm): void;
  /** Everything sent before this mark has been played to the caller. */
  onMark(markId: string): void;
  /**
   * The PBX itself noticed that the caller began or stopped making sound. Only transports whose
   * frames come late (files) report it: a hint to pause before the frames can prove it.
   */
  onTalking?(talking: boolean): void;
  /** The transport has ended and calls no handler any more. "hangup": the far end closed it in order. */
  onClose(reason: "hangup" | "lost", detail: string): void;
}

/** A call's audio path, from connecting to closing. */
export interface MediaTransport extends AsyncDisposable {
  readonly kind: "websocket" | "audiosocket" | "rtp" | "files";

  /** The bot's voice. What is sent before `open` resolves is played afterwards. */
  readonly out: AudioOutput;

  /**
   * Connects and starts delivering to `handlers`. Called once.
   *
   * @throws when the PBX does not connect before `signal` aborts.
   */
  open(handlers: MediaHandlers, signal: AbortSignal): Promise<void>;

  /** Counts since `open`, as a copy. */
  readonly stats: LineStats;
}

/**
 * How a call's audio will travel: the service chooses it by what the PBX offers
 * (asterisk/transports/choose.ts) and sends it to the call isolate. Plain data.
 */
export type MediaPlan =
  | { readonly kind: "websocket" }
  | { readonly kind: "audiosocket"; readonly host: string; readonly format: "slin" | "slin16" }
  | {
    readonly kind: "rtp";
    readonly host: string;
    /** The first and last UDP port of the range to use. */
    readonly ports: readonly [number, number];
    readonly format: "ulaw" | "alaw";
  }
  | {
    readonly kind: "files";
    /** The PBX's sounds folder, as this process sees it; phrases are written to its `language`. */
    readonly soundsDir: string;
    readonly language: string;
    /** The PBX's folder of ARI recordings, as this process sees it: the caller's audio appears there. */
    readonly recordingDir: string;
    /** How often an inaudible phrase is played again. */
    readonly retries: number;
  };

/**
 * What a call isolate has prepared for the PBX to connect to; the service requests the matching
 * channel (`externalMediaParams` of asterisk/ari/external_media.ts). Plain data.
 */
export type MediaOffer =
  | { readonly kind: "websocket" }
  | {
    readonly kind: "audiosocket";
    readonly host: string;
    readonly port: number;
    /** Only the connection that names this UUID is accepted. */
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
 * Where a call isolate finds its media once the PBX has a channel for it. The service, which holds
 * the ARI credentials, obtains it; the isolate, which holds none, uses it. Plain data.
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
 * The first of two steps to a transport, because the PBX may connect to us:
 *
 * ```
 * service                                    call isolate
 *   MediaPlan            ───────────────▶    prepareMedia(plan): sockets are bound
 *   externalMedia(offer) ◀───────────────    listener.offer
 *   MediaAddress         ───────────────▶    listener.transport(address).open(handlers, signal)
 * ```
 *
 * Nothing has to be handed over when an isolate dies: its successor prepares a socket of its own,
 * and the service puts a new channel into the same bridge. Where the PBX listens (websocket) or
 * nobody does (files), the offer is empty and the service need not wait for it.
 */
export interface MediaListener extends AsyncDisposable {
  readonly offer: MediaOffer;

  /**
   * The transport for the channel that the PBX made of the offer; it owns the sockets from now on.
   * Called once.
   *
   * @throws {TypeError} when `address` is of another kind than the offer.
   */
  transport(address: MediaAddress): MediaTransport;
}
