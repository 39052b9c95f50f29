// The metrics of the lines that carry the calls' audio.

import type { ServiceMetrics } from "../../actors/service/metrics.ts";
import type { LineCounter } from "../../media/line_stats.ts";
import type { Instruments } from "./instruments.ts";

type Table<Name extends LineCounter> = Readonly<
  Record<Name, readonly [name: string, help: string]>
>;

/** Counted by more than one transport, and labelled with it. */
const SHARED = {
  framesSent: ["frames_sent", "Frames (20 ms) of the bot's voice that left for the PBX"],
  framesLate: [
    "frames_late",
    "Frames, silence included, that left a frame's length (20 ms) late or more",
  ],
  framesSkipped: ["frames_skipped", "Frame times skipped after a long stall of an isolate"],
  framesHeld: [
    "frames_held",
    "Frame times on which nothing was sent because the PBX had not taken the previous frame",
  ],
  badMessages: [
    "media_messages_refused",
    "Messages from the PBX that were malformed or out of place",
  ],
} as const satisfies Partial<Table<LineCounter>>;

const OF_ONE_TRANSPORT: Table<Exclude<LineCounter, keyof typeof SHARED>> = {
  packetsReceived: ["rtp_packets_received", "RTP packets of callers"],
  packetsLost: [
    "rtp_packets_lost",
    "RTP packets of callers that were missing when due and were concealed",
  ],
  packetsLate: [
    "rtp_packets_late",
    "RTP packets of callers that arrived after they had been concealed",
  ],
  packetsDuplicate: ["rtp_packets_duplicate", "RTP packets of callers that arrived twice"],
  packetsReordered: [
    "rtp_packets_reordered",
    "RTP packets of callers that arrived out of order, but in time to be reordered",
  ],
  streamRestarts: ["rtp_stream_restarts", "New RTP sequences begun by the PBX within a call"],
  packetsMalformed: [
    "rtp_packets_malformed",
    "Datagrams that were not RTP, or not a telephone frame",
  ],
  packetsWrongPayload: [
    "rtp_packets_wrong_payload",
    "RTP packets in another format than requested",
  ],
  packetsOfOtherStream: [
    "rtp_packets_of_other_stream",
    "RTP packets dropped because they belonged to another sequence than the one that runs",
  ],
  packetsFromElsewhere: [
    "rtp_packets_from_elsewhere",
    "Datagrams dropped because they did not come from the PBX's media address",
  ],
  sendErrors: ["rtp_send_errors", "RTP packets that could not be sent"],
  connectionsRefused: [
    "audiosocket_connections_refused",
    "Connections to a call's AudioSocket port that did not name its UUID",
  ],
  queueFull: ["websocket_queue_full", "Times chan_websocket's queue of the bot's voice was full"],
  flushesUnacknowledged: [
    "websocket_flushes_unacknowledged",
    "Flushes that chan_websocket did not acknowledge in time",
  ],
  phrasesPlayed: ["phrases_played", "Phrases that the PBX played from files to their end"],
  phrasesInaudible: [
    "phrases_inaudible",
    "File playbacks that ended far too early to have been heard",
  ],
  phrasesUnreported: [
    "phrases_unreported",
    "File playbacks whose start or end the PBX never reported",
  ],
};

/** Registers the metrics and returns the function that adds to them. */
export function lineMetrics(make: Instruments): ServiceMetrics["lineCounted"] {
  const counters = new Map<string, (transport: string, growth: number) => void>();
  for (const [key, [name, help]] of Object.entries(SHARED)) {
    const counter = make.counter(name, help, ["transport"]);
    counters.set(key, (transport, growth) => counter.inc({ transport }, growth));
  }
  for (const [key, [name, help]] of Object.entries(OF_ONE_TRANSPORT)) {
    const counter = make.counter(name, help);
    counters.set(key, (_, growth) => counter.inc(growth));
  }
  return (transport, stats) => {
    for (const [key, growth] of Object.entries(stats)) counters.get(key)?.(transport, growth);
  };
}
