// One caller: calls, waits for the greeting, asks, listens to the end, thinks, asks again, once talks over
// an answer, and hangs up. It has no timer of its own: whoever has many callers ticks them every 20 ms.

import { G711_RATE_HZ, G711_SILENCE, type G711Law } from "../../../../media/codec/g711.ts";
import { FRAME_MS } from "../../../../media/frame.ts";
import { RTP_CODECS } from "../../../../asterisk/transports/rtp/rtp_codec.ts";
import type { Random } from "../../../chaos/random.ts";
import { contourOf, fit } from "../contour.ts";
import { Ear } from "./ear.ts";
import type { CallResult, TurnResult } from "./messages.ts";
import type { Question } from "./questions.ts";
import type { SipDialog, SipEvents } from "./sip_line.ts";

/** The silence after which the caller takes it that the bot has finished. */
const DONE_MS = 700;
/** How long the caller then thinks. */
const THINKING_MS = [200, 1000] as const;
/** Without an answer for so long the caller asks something else. */
const ANSWER_PATIENCE_MS = 15_000;
/** No answer lasts so long. */
const ENDLESS_MS = 40_000;
/** The caller lets the bot speak this long before talking over it. */
const TALK_OVER_AFTER_MS = 1000;
/** Every so many questions one is asked over the answer before it; the first time at the third. */
const TALK_OVER_EVERY = 5;
const TALK_OVER_FIRST = 2;
/** The mean difference of contours (contour.ts) up to which a sound is the greeting. */
const ALIKE = 0.12;
/** A shorter sound is a click: one comes when the PBX begins to send. */
const FEWEST_FRAMES = 20;
const PAUSE_MS = 300;
const BYTES = G711_RATE_HZ * FRAME_MS / 1000;
const RTP_HEADER_BYTES = 12;

/** Room for a packet to the PBX's port. */
export type PacketTo = (port: number, bytes: number) => Uint8Array;

/** What all callers of a level have in common. */
export interface Script {
  readonly codec: G711Law;
  readonly questions: readonly Question[];
  readonly turns: number;
  readonly patienceMs: number;
  /** As of when questions count as asked on a full level, and when the calls may end. */
  readonly steadyFrom: number;
  readonly endAt: number;
  /** The greeting's course (ear.ts), set by the first caller of all. */
  readonly greeting: { course?: readonly number[] };
}

type Phase = "calling" | "greeting" | "greeted" | "thinking" | "asking" | "waiting" | "answer";

/** A call. */
export class Caller {
  readonly ear: Ear;
  #phase: Phase | "over" = "calling";
  /** Since when it has been in this phase. */
  #since: number;
  readonly #index: number;
  readonly #script: () => Script;
  readonly #random: Random;
  readonly #dialog: SipDialog;
  readonly #payloadType: number;
  readonly #silence: Uint8Array;
  readonly #ssrc = crypto.getRandomValues(new Uint32Array(1))[0]!;
  #port: number | undefined;
  #sequence = 0;
  #timestamp = 0;
  #thinkingMs = 0;
  #question: Question | undefined;
  #frame = 0;
  #talksOver = false;
  #leaving = false;
  #speechMs = 0;
  readonly #invitedAt: number;
  #answeredAt: number | undefined;
  #greetedAt: number | undefined;
  #toldAt: number | undefined;
  #overAt: number | undefined;
  #endedEarly: string | undefined;
  readonly #turns: TurnResult[] = [];
  readonly #bargeIns: number[] = [];

  /** Places the call. @param script is asked anew at each tick, since its times become known late. */
  constructor(
    index: number,
    script: () => Script,
    random: Random,
    call: (events: SipEvents) => SipDialog,
  ) {
    const { codec } = script();
    this.ear = new Ear(codec);
    this.#index = index;
    this.#script = script;
    this.#random = random;
    this.#payloadType = RTP_CODECS[codec].payloadType;
    this.#silence = new Uint8Array(BYTES).fill(G711_SILENCE[codec]);
    this.#invitedAt = this.#since = performance.now();
    this.#dialog = call({
      onAnswered: (port) => {
        this.#port = port;
        this.#answeredAt = performance.now();
        this.#enter("greeting", this.#answeredAt);
        this.ear.listenFrom(this.#answeredAt);
      },
      onEnded: (reason) => this.#end(reason),
    });
  }

  get over(): boolean {
    return this.#phase === "over";
  }

  /** Time for the next packet. */
  tick(now: number, packetTo: PacketTo): void {
    if (this.#phase === "over") return;
    this.#step(now);
    if (this.#port !== undefined && !this.#leaving) this.#send(now, packetTo);
  }

  /** Hangs up, whatever is being said. */
  leave(): void {
    this.#leaving = true;
    this.#dialog.hangUp();
  }

  /** Times count from `zero`. */
  result(zero: number): CallResult {
    const since = (at: number | undefined) => at === undefined ? undefined : at - zero;
    const upMs = this.#answeredAt === undefined ? 0 : this.#overAt! - this.#answeredAt;
    return {
      invitedAt: this.#invitedAt - zero,
      answeredAt: since(this.#answeredAt),
      greetedAt: since(this.#greetedAt),
      toldAt: since(this.#toldAt),
      endedEarly: this.#endedEarly,
      turns: this.#turns.map((turn) => ({ ...turn, endedAt: turn.endedAt - zero })),
      bargeInMs: this.#bargeIns,
      speechMs: this.#speechMs,
      upMs,
    };
  }

  #step(now: number): void {
    const waited = now - this.#since;
    switch (this.#phase) {
      case "greeting":
        return this.#awaitGreeting(now);
      case "greeted":
        if (this.ear.quietMs(now) >= DONE_MS) this.#think(now);
        return;
      case "thinking":
        if (waited >= this.#thinkingMs) this.#ask(now);
        return;
      case "waiting":
        if (this.ear.firstSoundAt !== undefined) this.#hearAnswer(this.ear.firstSoundAt);
        else if (waited > ANSWER_PATIENCE_MS) {
          this.#turns.push(this.#turn());
          this.#think(now);
        }
        return;
      case "answer":
        return this.#listen(now, waited);
    }
  }

  #awaitGreeting(now: number): void {
    const { greeting, patienceMs } = this.#script();
    const { firstSoundAt, course, courseComplete } = this.ear;
    if (now - this.#answeredAt! > patienceMs) {
      const heard = this.#toldAt === undefined ? "nothing" : "something else than the greeting";
      this.#endedEarly = `heard ${heard}`;
      return this.leave();
    }
    const heardOut = courseComplete || this.ear.quietMs(now) >= DONE_MS;
    if (firstSoundAt === undefined || !heardOut) return;
    if (course.length < FEWEST_FRAMES) return this.ear.listenFrom(now);
    if (courseComplete) greeting.course ??= course;
    const { cost } = fit(contourOf(course), contourOf(greeting.course ?? []), 0);
    if (cost <= ALIKE) {
      this.#greetedAt = firstSoundAt;
      return this.#enter("greeted", now);
    }
    this.#toldAt ??= firstSoundAt;
    if (this.ear.quietMs(now) >= PAUSE_MS) this.ear.listenFrom(now);
  }

  #think(now: number): void {
    const { turns, endAt } = this.#script();
    if (this.#turns.length >= turns && now >= endAt) return this.leave();
    this.#thinkingMs = this.#random.between(...THINKING_MS);
    this.#enter("thinking", now);
  }

  #ask(now: number): void {
    const { questions } = this.#script();
    this.#question = questions[(this.#index + this.#turns.length) % questions.length];
    this.#frame = 0;
    this.#enter("asking", now);
  }

  #hearAnswer(firstSoundAt: number): void {
    this.#turns.push({ ...this.#turn(), voiceToVoiceMs: firstSoundAt - this.#since });
    this.#talksOver = this.#turns.length % TALK_OVER_EVERY === TALK_OVER_FIRST;
    this.#enter("answer", firstSoundAt);
  }

  #listen(now: number, waited: number): void {
    if (this.#talksOver && waited >= TALK_OVER_AFTER_MS && this.ear.heardAt(now)) {
      return this.#ask(now);
    }
    if (this.ear.quietMs(now) < DONE_MS && waited < ENDLESS_MS) return;
    this.#talksOver = false;
    this.#think(now);
  }

  #turn(): TurnResult {
    return { endedAt: this.#since, steady: this.#since >= this.#script().steadyFrom };
  }

  /** The question's next frame, or undefined when the caller is silent. */
  #nextFrame(now: number): Uint8Array | undefined {
    if (this.#phase !== "asking") return undefined;
    const { frames, onset } = this.#question!;
    if (this.#frame === onset && this.#talksOver) {
      if (this.ear.heardAt(now)) this.ear.talkOver(now);
      else this.#talksOver = false;
    }
    return frames[this.#frame++];
  }

  #asked(now: number): void {
    this.#speechMs += this.#question!.frames.length * FRAME_MS;
    if (this.#talksOver) {
      const heardOnMs = this.ear.heardOnMs(now);
      // Spoken to all the while: not silenced within the whole question.
      this.#bargeIns.push(heardOnMs ?? this.#question!.frames.length * FRAME_MS);
      this.#talksOver = false;
    }
    if (this.ear.heardAt(now)) {
      this.#since = now;
      this.#turns.push({ ...this.#turn(), overlapped: true });
      return this.#enter("answer", now);
    }
    this.ear.listenFrom(now);
    this.#enter("waiting", now);
  }

  #send(now: number, packetTo: PacketTo): void {
    const speech = this.#nextFrame(now);
    const packet = packetTo(this.#port!, RTP_HEADER_BYTES + BYTES);
    // RFC 3550 section 5.1; written in place, because there are thousands a second.
    packet[0] = 0x80;
    packet[1] = this.#payloadType | (this.#sequence === 0 ? 0x80 : 0);
    writeWord(packet, 2, this.#sequence, 2);
    writeWord(packet, 4, this.#timestamp, 4);
    writeWord(packet, 8, this.#ssrc, 4);
    packet.set(speech ?? this.#silence, RTP_HEADER_BYTES);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.#timestamp = (this.#timestamp + BYTES) >>> 0;
    if (speech && this.#frame === this.#question!.frames.length) this.#asked(now);
  }

  #enter(phase: Phase, now: number): void {
    this.#phase = phase;
    this.#since = now;
  }

  #end(reason: string): void {
    const now = performance.now();
    if (this.#answeredAt === undefined && !this.#leaving) this.#toldAt = now;
    if (!this.#leaving) this.#endedEarly = reason;
    this.#phase = "over";
    this.#overAt = now;
  }
}

/** The lowest `bytes` bytes of a number, the highest first. */
function writeWord(into: Uint8Array, at: number, value: number, bytes: number): void {
  for (let i = 0; i < bytes; i++) into[at + i] = value >>> 8 * (bytes - 1 - i);
}
