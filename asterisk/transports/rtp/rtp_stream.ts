// The two directions of an RTP leg: numbering the packets we send, and checking those that arrive.

import { FRAME_MS, type Pcm } from "../../../media/frame.ts";
import { JitterBuffer, type JitterStats } from "../../../media/codec/jitter_buffer.ts";
import type { Counters } from "../../../media/line_stats.ts";
import { RTP_RATE_HZ, type RtpCodec } from "./rtp_codec.ts";
import { decodeRtp, encodeRtp } from "./rtp_packet.ts";

const FRAME_SAMPLES = RTP_RATE_HZ * FRAME_MS / 1000;
/** A packet with more audio than this (200 ms) is not a telephone frame. */
const LONGEST_PAYLOAD_BYTES = 10 * FRAME_SAMPLES;

/**
 * How long the stream must have been silent before another (RTP calls it SSRC) may take its place, in
 * ms. The PBX sends a packet every 20 ms; who speaks into a running stream is not the PBX.
 */
const STREAM_OVER_MS = 100;

/** Numbers outgoing frames by RFC 3550: sequence, timestamp and SSRC all start at random. */
export class RtpSender {
  readonly #codec: RtpCodec;
  readonly #silence: Uint8Array;
  readonly #ssrc = random32();
  #sequence = random32() & 0xffff;
  #timestamp = random32();
  /** The previous frame was silence, so speech now begins a talkspurt. */
  #wasSilent = true;

  constructor(codec: RtpCodec) {
    this.#codec = codec;
    this.#silence = codec.encode(new Int16Array(FRAME_SAMPLES));
  }

  /** The packet of a 20 ms frame, or of silence; `skipped` frame times passed without one. */
  packet(frame: Pcm | undefined, skipped: number): Uint8Array {
    this.#timestamp = (this.#timestamp + skipped * FRAME_SAMPLES) >>> 0;
    const bytes = encodeRtp({
      payloadType: this.#codec.payloadType,
      marker: skipped > 0 || (frame !== undefined && this.#wasSilent),
      sequence: this.#sequence,
      timestamp: this.#timestamp,
      ssrc: this.#ssrc,
      payload: frame ? this.#codec.encode(frame) : this.#silence,
    });
    this.#wasSilent = frame === undefined;
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#timestamp = (this.#timestamp + FRAME_SAMPLES) >>> 0;
    return bytes;
  }
}

/** Counts of what arrived and was not the call's audio. */
type RefusedStats = Counters<
  "packetsMalformed" | "packetsWrongPayload" | "packetsOfOtherStream"
>;

/** Takes packets off the wire and passes their audio on in order. */
export class RtpReceiver {
  readonly #codec: RtpCodec;
  readonly #jitter: JitterBuffer;
  readonly #refused: RefusedStats = {
    packetsMalformed: 0,
    packetsWrongPayload: 0,
    packetsOfOtherStream: 0,
  };
  #ssrc: number | undefined;
  /** When the stream's last packet came. */
  #heardAt = 0;

  constructor(codec: RtpCodec, onAudio: (pcm: Pcm) => void) {
    this.#codec = codec;
    this.#jitter = new JitterBuffer({ sampleRateHz: RTP_RATE_HZ, onAudio });
  }

  get stats(): JitterStats & RefusedStats {
    return { ...this.#jitter.stats, ...this.#refused };
  }

  /** Takes a datagram that came from the PBX at `nowMs`. */
  take(datagram: Uint8Array, nowMs: number): void {
    const packet = decodeRtp(datagram);
    const length = packet?.payload.length ?? 0;
    if (!packet || length === 0 || length > LONGEST_PAYLOAD_BYTES) {
      this.#refused.packetsMalformed++;
    } else if (packet.payloadType !== this.#codec.payloadType) {
      this.#refused.packetsWrongPayload++;
    } else if (this.#isOther(packet.ssrc, nowMs)) {
      this.#refused.packetsOfOtherStream++;
    } else {
      if (this.#ssrc !== packet.ssrc) this.#jitter.restart();
      this.#ssrc = packet.ssrc;
      this.#heardAt = nowMs;
      this.#jitter.push(packet.sequence, this.#codec.decode(packet.payload), nowMs);
    }
  }

  #isOther(ssrc: number, nowMs: number): boolean {
    return this.#ssrc !== undefined && ssrc !== this.#ssrc &&
      nowMs - this.#heardAt < STREAM_OVER_MS;
  }

  /** Conceals gaps that have lasted too long; call it about every 20 ms. */
  tick(nowMs: number): void {
    this.#jitter.expire(nowMs);
  }
}

function random32(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]!;
}
