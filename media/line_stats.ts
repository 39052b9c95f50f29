// What the transports count: one vocabulary, which an operator sees in /metrics.

/** Counts since the line was opened; each transport has those that apply to it. */
export interface LineStats {
  /** Frames of the bot's voice that left for the PBX. */
  readonly framesSent?: number;
  /** Frames, silence included, that left a frame's length late or more. */
  readonly framesLate?: number;
  /** Frame times skipped after a long stall. */
  readonly framesSkipped?: number;
  /** Frame times on which nothing was sent because the connection had not taken the previous frame. */
  readonly framesHeld?: number;

  /** RTP packets from the PBX. */
  readonly packetsReceived?: number;
  /** RTP packets that were missing when due and were concealed. */
  readonly packetsLost?: number;
  /** RTP packets that arrived after they had been concealed. */
  readonly packetsLate?: number;
  /** RTP packets that arrived twice. */
  readonly packetsDuplicate?: number;
  /** RTP packets that arrived out of order, but in time to be reordered. */
  readonly packetsReordered?: number;
  /** New RTP sequences begun by the sender. */
  readonly streamRestarts?: number;
  /** Datagrams that are not RTP, cut short, or longer than a telephone frame. */
  readonly packetsMalformed?: number;
  /** RTP packets in another format than requested (RTCP on the same port counts here). */
  readonly packetsWrongPayload?: number;
  /** RTP packets of another sequence while the sender's runs. */
  readonly packetsOfOtherStream?: number;
  /** Datagrams from another address than the PBX's. */
  readonly packetsFromElsewhere?: number;
  /** RTP packets that could not be sent. */
  readonly sendErrors?: number;

  /** Messages from the PBX that are malformed or out of place. */
  readonly badMessages?: number;
  /** Connections to the call's port that did not name its UUID. */
  readonly connectionsRefused?: number;

  /** Times the PBX's queue of our audio was full. */
  readonly queueFull?: number;
  /** Flushes that the PBX did not acknowledge in time. */
  readonly flushesUnacknowledged?: number;

  /** Phrases played from files to their end. */
  readonly phrasesPlayed?: number;
  /** File playbacks that ended far too early to have been heard. */
  readonly phrasesInaudible?: number;
  /** File playbacks whose start or end was never reported. */
  readonly phrasesUnreported?: number;
}

/** The name of one count. */
export type LineCounter = keyof LineStats;

/** Some of the counts, mutable, for the class that keeps them. */
export type Counters<Name extends LineCounter> = Record<Name, number>;
