// Puts packets of audio back in order and conceals losses. The audio goes to a recogniser, not a
// loudspeaker, and needs no steady clock: packets in order pass without delay, and only a gap
// costs time.

import { durationMs, type Pcm } from "../frame.ts";
import type { Counters } from "../line_stats.ts";
import { LossConcealer } from "./plc.ts";

/** A missing packet is concealed after this long; covers 50 ms of jitter. */
const LONGEST_HOLD_MS = 60;
/** A gap of more packets than this is another stream, not a loss (RFC 3550 A.1 MAX_DROPOUT, at 20 ms). */
const LONGEST_GAP = 50;
/** A packet further back than this belongs to another stream (RFC 3550 A.1 MAX_MISORDER). */
const LONGEST_MISORDER = 100;

/** What became of the packets. */
export type JitterStats = Counters<
  | "packetsReceived"
  | "packetsLost"
  | "packetsLate"
  | "packetsDuplicate"
  | "packetsReordered"
  | "streamRestarts"
>;

/** Options of a `JitterBuffer`. */
export interface JitterOptions {
  readonly sampleRateHz: number;
  /** Receives the audio in order, gaps concealed. */
  readonly onAudio: (pcm: Pcm) => void;
}

/** Reorders by 16-bit sequence number; call `expire` about once a frame, for gaps that nothing follows. */
export class JitterBuffer {
  readonly stats: JitterStats = {
    packetsReceived: 0,
    packetsLost: 0,
    packetsDuplicate: 0,
    packetsLate: 0,
    packetsReordered: 0,
    streamRestarts: 0,
  };
  readonly #options: JitterOptions;
  readonly #concealer: LossConcealer;
  /** The sequence number due next; undefined until the first packet. */
  #next: number | undefined;
  /** Packets that came early, by sequence number. */
  readonly #held = new Map<number, Pcm>();
  #heldSince = 0;
  /** Numbers of the packets that were concealed, to tell late ones from duplicates. */
  readonly #filled = new Set<number>();
  /** The number that would confirm a new sequence. */
  #confirming: number | undefined;

  constructor(options: JitterOptions) {
    this.#options = options;
    this.#concealer = new LossConcealer(options.sampleRateHz);
  }

  /** Takes a packet that arrived at `nowMs`. */
  push(sequence: number, pcm: Pcm, nowMs: number): void {
    this.stats.packetsReceived++;
    this.#next ??= sequence;
    const ahead = signed16(sequence - this.#next);
    if (ahead > LONGEST_GAP || ahead < -LONGEST_MISORDER) return this.#elsewhere(sequence, pcm);
    this.#confirming = undefined;
    if (ahead < 0) {
      if (this.#filled.delete(sequence)) this.stats.packetsLate++;
      else this.stats.packetsDuplicate++;
    } else if (ahead === 0) {
      if (this.#held.size > 0) this.stats.packetsReordered++;
      this.#deliver(pcm);
      this.#deliverHeld(nowMs);
    } else if (this.#held.has(sequence)) {
      this.stats.packetsDuplicate++;
    } else {
      if (this.#held.size === 0) this.#heldSince = nowMs;
      this.#held.set(sequence, pcm);
      this.expire(nowMs);
    }
  }

  /** Conceals a gap that has lasted too long. */
  expire(nowMs: number): void {
    while (this.#held.size > 0 && this.#waitedMs(nowMs) >= LONGEST_HOLD_MS) {
      this.#fillGap();
      this.#deliverHeld(nowMs);
    }
  }

  /** Starts over with the next packet: the sender has changed (a new SSRC). */
  restart(): void {
    if (this.#next === undefined) return;
    this.stats.streamRestarts++;
    this.#held.clear();
    this.#filled.clear();
    this.#next = undefined;
    this.#confirming = undefined;
  }

  /** A number far off is accepted only once its successor confirms it. */
  #elsewhere(sequence: number, pcm: Pcm): void {
    if (sequence === this.#confirming) {
      this.restart();
      this.#next = sequence;
      this.#deliver(pcm);
    } else {
      this.#confirming = next16(sequence);
    }
  }

  #waitedMs(nowMs: number): number {
    const [pcm] = this.#held.values();
    const heldMs = durationMs(this.#held.size * (pcm?.length ?? 0), this.#options.sampleRateHz);
    return Math.max(heldMs, nowMs - this.#heldSince);
  }

  #fillGap(): void {
    const [pcm] = this.#held.values();
    while (!this.#held.has(this.#next!)) {
      this.stats.packetsLost++;
      this.#remember(this.#next!);
      this.#next = next16(this.#next!);
      this.#options.onAudio(this.#concealer.conceal(pcm!.length));
    }
  }

  #deliverHeld(nowMs: number): void {
    for (let pcm = this.#held.get(this.#next!); pcm; pcm = this.#held.get(this.#next!)) {
      this.#held.delete(this.#next!);
      this.#deliver(pcm);
      this.#heldSince = nowMs;
    }
  }

  #deliver(pcm: Pcm): void {
    this.#next = next16(this.#next!);
    this.#options.onAudio(this.#concealer.heard(pcm));
  }

  #remember(sequence: number): void {
    this.#filled.add(sequence);
    if (this.#filled.size <= LONGEST_MISORDER) return;
    const [oldest] = this.#filled;
    this.#filled.delete(oldest!);
  }
}

function next16(sequence: number): number {
  return (sequence + 1) & 0xffff;
}

function signed16(difference: number): number {
  return (difference << 16) >> 16;
}
