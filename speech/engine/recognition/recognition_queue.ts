// Which call is transcribed next: one request a call, the newest; urgent requests in order of
// arrival; partials only while no urgent request waits.

import type { Pcm } from "../../../media/frame.ts";
import type { TranscribeReply, Urgency } from "../protocol.ts";
import { Distribution } from "../stats.ts";
import type { Transcription } from "./transcribe.ts";

/** Transcribes one utterance at a time; `abort` makes a running transcription return undefined. */
export interface Recognizer {
  transcribe(pcm: Pcm): Promise<Transcription | undefined>;
  abort(): void;
}

/** Identifies a call: any object that is that call's alone. */
export type CallKey = object;

interface Request {
  readonly call: CallKey;
  readonly pcm: Pcm;
  readonly urgency: Urgency;
  readonly arrivedAt: number;
  readonly settle: PromiseWithResolvers<TranscribeReply>;
  dropped: boolean;
}

interface Seat {
  readonly recognizer: Recognizer;
  request: Request | undefined;
}

/** Shares a few recognisers among all calls. */
export class RecognitionQueue {
  readonly #seats: Seat[];
  /** Urgent requests only: a partial runs immediately or not at all. */
  readonly #queue: Request[] = [];

  /** Milliseconds from an urgent request to its text, and spent recognising. */
  readonly urgentLatencies: Distribution = new Distribution();
  readonly recognitionTimes: Distribution = new Distribution();
  /** How many requests had which outcome. */
  readonly outcomes: Record<TranscribeReply["kind"], number> = { text: 0, superseded: 0, busy: 0 };

  constructor(recognizers: readonly Recognizer[]) {
    this.#seats = recognizers.map((recognizer) => ({ recognizer, request: undefined }));
  }

  /** Urgent requests waiting for a recogniser. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Transcribes for `call`, superseding the call's request before. */
  async submit(call: CallKey, pcm: Pcm, urgency: Urgency): Promise<TranscribeReply> {
    if (this.#seats.length === 0) {
      throw new Error(
        "local recognition is not loaded: ASR_PROVIDER=local and ASTERISK_LANG=en load it",
      );
    }
    const request: Request = {
      call,
      pcm,
      urgency,
      arrivedAt: performance.now(),
      settle: Promise.withResolvers(),
      dropped: false,
    };
    // A newer request keeps the place of its call in the queue.
    const place = this.#queue.findIndex((other) => other.call === call);
    this.cancel(call);
    const seat = this.#seats.find((seat) => !seat.request);
    if (seat && this.#queue.length === 0) this.#run(seat, request);
    else if (urgency === "partial") request.settle.resolve({ kind: "busy" });
    else {
      this.#queue.splice(place < 0 ? this.#queue.length : place, 0, request);
      this.#makeRoom();
    }
    const reply = await request.settle.promise;
    this.outcomes[reply.kind]++;
    return reply;
  }

  /** Drops this call's request, which is answered "superseded". */
  cancel(call: CallKey): void {
    const index = this.#queue.findIndex((request) => request.call === call);
    if (index >= 0) this.#queue.splice(index, 1)[0]!.settle.resolve({ kind: "superseded" });
    for (const seat of this.#seats) if (seat.request?.call === call) drop(seat);
  }

  /** Aborts a running partial, if there is one, for an urgent request that waits. */
  #makeRoom(): void {
    const beingFreed = this.#seats.filter((seat) => seat.request?.dropped).length;
    if (beingFreed >= this.#queue.length) return;
    const seat = this.#seats.find(({ request }) => request?.urgency === "partial");
    if (seat && !seat.request!.dropped) drop(seat);
  }

  async #run(seat: Seat, request: Request): Promise<void> {
    seat.request = request;
    const startedAt = performance.now();
    try {
      const result = await seat.recognizer.transcribe(request.pcm);
      const now = performance.now();
      if (result) {
        this.recognitionTimes.add(now - startedAt);
        if (request.urgency === "urgent") this.urgentLatencies.add(now - request.arrivedAt);
        request.settle.resolve({ kind: "text", ...result, ms: now - startedAt });
      } else request.settle.resolve({ kind: "superseded" });
    } catch (error) {
      request.settle.reject(error);
    }
    seat.request = undefined;
    const next = this.#queue.shift();
    if (next) this.#run(seat, next);
  }
}

function drop(seat: Seat): void {
  seat.request!.dropped = true;
  seat.request!.settle.resolve({ kind: "superseded" });
  seat.recognizer.abort();
}
