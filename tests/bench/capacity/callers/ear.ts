// What one caller hears, judged packet by packet as it arrives: no audio is kept, so that many callers
// cost little. Times are `performance.now()` milliseconds.

import { decodeG711, G711_RATE_HZ, type G711Law } from "../../../../media/codec/g711.ts";
import { FRAME_MS } from "../../../../media/frame.ts";

/** A louder packet is sound; comfort noise and codec residue lie below. As testing/ear.ts has it. */
const AUDIBLE_DBFS = -55;
/** This much silence ends what was being said: no voice pauses so long inside a phrase. */
const SILENT_MS = 300;
/** Sounds further apart are two sounds with a pause between, not one whose packets came late. */
const LONGEST_GAP_MS = 1000;
/** A longer one is heard as a crackle. */
const CRACKLE_MS = 40;
/** How much of a sound's course is kept to recognise it by. */
const COURSE_FRAMES = 100;

/** One caller's ear. */
export class Ear {
  /** Milliseconds between the arrivals of neighbouring packets that are both sound. */
  readonly gaps: number[] = [];
  /**
   * Those of them over 40 ms: in some the stream had stopped (by its timestamps, which went on without
   * packets), because the PBX had nothing to send; in the others a packet of a running stream came late.
   */
  readonly crackles = { nothingToSend: 0, late: 0 };
  /** Packets that never came, by their sequence numbers. */
  lost = 0;
  /** The end of the latest sound. */
  lastSoundAt: number | undefined;
  readonly #squares: Float64Array;
  #since = Infinity;
  #firstSoundAt: number | undefined;
  #course: number[] = [];
  #sequence: number | undefined;
  #before:
    | { readonly at: number; readonly timestamp: number; readonly audible: boolean }
    | undefined;
  #talkingOver: { readonly from: number; until: number; over: boolean } | undefined;

  constructor(codec: G711Law) {
    const pcm = decodeG711(codec, Uint8Array.from({ length: 256 }, (_, code) => code));
    this.#squares = Float64Array.from(pcm, (sample) => (sample / 32768) ** 2);
  }

  /** Takes a packet. */
  hear(at: number, sequence: number, timestamp: number, payload: Uint8Array): void {
    this.#count(sequence);
    const level = this.#levelDbfs(payload);
    const audible = level > AUDIBLE_DBFS;
    if (audible) this.#hearSound(at, timestamp);
    if (this.#firstSoundAt !== undefined && this.#course.length < COURSE_FRAMES) {
      this.#course.push(Math.max(level, AUDIBLE_DBFS));
    }
    this.#before = { at, timestamp, audible };
  }

  /** From now on `firstSoundAt` and `course` are those of the first sound at or after `since`. */
  listenFrom(since: number): void {
    this.#since = since;
    this.#firstSoundAt = undefined;
    this.#course = [];
  }

  /** When the first sound since then was heard. */
  get firstSoundAt(): number | undefined {
    return this.#firstSoundAt;
  }

  /** The first two seconds of that sound, as levels in dBFS a packet; shorter until they have come. */
  get course(): readonly number[] {
    return this.#course;
  }

  get courseComplete(): boolean {
    return this.#course.length === COURSE_FRAMES;
  }

  /** Whether the other side spoke at this moment or just before. */
  heardAt(moment: number): boolean {
    return this.lastSoundAt !== undefined && moment - this.lastSoundAt < 5 * FRAME_MS;
  }

  /** How long it has been silent. */
  quietMs(now: number): number {
    return now - (this.lastSoundAt ?? -Infinity);
  }

  /** The caller begins to talk over what is heard. */
  talkOver(from: number): void {
    this.#talkingOver = { from, until: from, over: false };
  }

  /** How long the other side was still heard since `talkOver`; undefined while it goes on. */
  heardOnMs(now: number): number | undefined {
    const talking = this.#talkingOver;
    if (!talking) return undefined;
    if (!talking.over && now - talking.until <= SILENT_MS) return undefined;
    return talking.until - talking.from;
  }

  #hearSound(at: number, timestamp: number): void {
    this.lastSoundAt = at + FRAME_MS;
    if (at >= this.#since) this.#firstSoundAt ??= at;
    if (this.#before?.audible) this.#countGap(at - this.#before.at, timestamp);
    const talking = this.#talkingOver;
    if (!talking || talking.over || at < talking.from) return;
    if (at - talking.until > SILENT_MS) talking.over = true;
    else talking.until = at + FRAME_MS;
  }

  #countGap(gap: number, timestamp: number): void {
    if (gap > LONGEST_GAP_MS) return;
    this.gaps.push(gap);
    if (gap <= CRACKLE_MS) return;
    const samples = (timestamp - this.#before!.timestamp) >>> 0;
    if (samples > G711_RATE_HZ * FRAME_MS / 1000) this.crackles.nothingToSend++;
    else this.crackles.late++;
  }

  #count(sequence: number): void {
    if (this.#sequence !== undefined) {
      const missing = (sequence - this.#sequence - 1) & 0xffff;
      // A large distance is a packet that came late or twice.
      if (missing < 0x8000) this.lost += missing;
    }
    this.#sequence = sequence;
  }

  #levelDbfs(payload: Uint8Array): number {
    let sum = 0;
    for (const code of payload) sum += this.#squares[code]!;
    return 10 * Math.log10(sum / Math.max(1, payload.length));
  }
}
