// What a line counts, in one vocabulary for all transports: what an operator sees in /metrics.

/** Counts since the line was opened; a transport has those that apply to it. */
export interface LineStats {
  /** Frames of the bot's voice that left for the PBX. */
  readonly framesSent?: number;
  /** Frames due, silence included, that left a frame's length late or more. */
  readonly framesLate?: number;
  /** Frames of time left out after a long stall. */
  readonly framesSkipped?: number;
  /** Frames due, silence included, held back because the connection had not taken the one before. */
  readonly framesHeld?: number;

  /** RTP packets from the PBX. */
  readonly packetsReceived?: number;
  /** RTP packets missing when they were due, and concealed. */
  readonly packetsLost?: number;
  /** RTP packets that came after they had been concealed. */
  readonly packetsLate?: number;
  /** RTP packets that came again. */
  readonly packetsDuplicate?: number;
  /** RTP packets that came out of order, in time to be put in order. */
  readonly packetsReordered?: number;
  /** Times the sender of RTP began a new sequence. */
  readonly streamRestarts?: number;
  /** Datagrams that are not RTP, cut short, or longer than a telephone frame. */
  readonly packetsMalformed?: number;
  /** RTP packets in another format than the one asked for (RTCP on the same port counts here). */
  readonly packetsWrongPayload?: number;
  /** Datagrams from another address than the PBX's. */
  readonly packetsFromElsewhere?: number;
  /** RTP packets the network did not take. */
  readonly sendErrors?: number;

  /** Messages from the PBX that cannot be read, or do not belong. */
  readonly badMessages?: number;
  /** Connections to the call's port that did not name its UUID. */
  readonly connectionsRefused?: number;

  /** Times the PBX's queue of our audio was full. */
  readonly queueFull?: number;
  /** Flushes that the PBX did not acknowledge in time. */
  readonly flushesUnacknowledged?: number;

  /** Phrases played from files to their end. */
  readonly phrasesPlayed?: number;
  /** Playbacks of files that ended far too early to have been heard. */
  readonly phrasesInaudible?: number;
  /** Playbacks of files whose start or end was never reported. */
  readonly phrasesUnreported?: number;
}

/** The name of one count. */
export type LineCounter = keyof LineStats;

/** Some of the counts, as what counts them keeps them. */
export type Counters<Name extends LineCounter> = Record<Name, number>;
