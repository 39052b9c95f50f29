// Which call is transcribed next: one request a call, the newest. Whose turn is over comes before who
// may only have paused, each in order of arrival; partials run only while nobody waits.

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
  urgency: Urgency;
  readonly arrivedAt: number;
  readonly settle: PromiseWithResolvers<TranscribeReply>;
  dropped: boolean;
}

interface Seat {
  readonly recognizer: Recognizer;
  request: Request | undefined;
  /** When it began its request. */
  busySince: number;
}

/** Shares a few recognisers among all calls. */
export class RecognitionQueue {
  readonly #seats: Seat[];
  readonly #now: () => number;
  /** In the order in which they will be served. No partials: these run immediately or not at all. */
  readonly #queue: Request[] = [];
  #busyMs = 0;
  #longestWaitMs = 0;

  /** Milliseconds from a request that is no partial to its text, and spent recognising. */
  readonly urgentLatencies: Distribution = new Distribution();
  readonly recognitionTimes: Distribution = new Distribution();
  /** How many requests had which outcome. */
  readonly outcomes: Record<TranscribeReply["kind"], number> = { text: 0, superseded: 0, busy: 0 };

  /** @param now the clock: monotonic milliseconds. */
  constructor(
    recognizers: readonly Recognizer[],
    now: () => number = () => performance.now(),
  ) {
    this.#now = now;
    this.#seats = recognizers.map((recognizer) => ({
      recognizer,
      request: undefined,
      busySince: 0,
    }));
  }

  /** How many there are. */
  get recognizers(): number {
    return this.#seats.length;
  }

  /** For how long recognisers have worked, added up over them all, what is under way included. */
  get busyMs(): number {
    const now = this.#now();
    const running = this.#seats.map(({ request, busySince }) => request ? now - busySince : 0);
    return running.reduce((sum, ms) => sum + ms, this.#busyMs);
  }

  /** The longest wait for a recogniser since the last call of this, those who still wait included. */
  takeLongestWait(): number {
    const now = this.#now();
    const waits = this.#queue.map(({ arrivedAt }) => now - arrivedAt);
    const longest = Math.max(this.#longestWaitMs, ...waits);
    this.#longestWaitMs = 0;
    return longest;
  }

  /** Requests waiting for a recogniser. */
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
      arrivedAt: this.#now(),
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
      this.#enqueue(request, place);
      this.#makeRoom();
    }
    const reply = await request.settle.promise;
    this.outcomes[reply.kind]++;
    return reply;
  }

  /** The caller waits for the request that was made at a pause. */
  hurry(call: CallKey): void {
    const index = this.#queue.findIndex((request) => request.call === call);
    if (index < 0 || this.#queue[index]!.urgency === "turn") return;
    const [request] = this.#queue.splice(index, 1);
    request!.urgency = "turn";
    this.#enqueue(request!, -1);
  }

  /** Drops this call's request, which is answered "superseded". */
  cancel(call: CallKey): void {
    const index = this.#queue.findIndex((request) => request.call === call);
    if (index >= 0) this.#queue.splice(index, 1)[0]!.settle.resolve({ kind: "superseded" });
    for (const seat of this.#seats) if (seat.request?.call === call) drop(seat);
  }

  /** @param place that an older request of the call had; -1 where there was none. */
  #enqueue(request: Request, place: number): void {
    const firstPause = this.#queue.findIndex(({ urgency }) => urgency === "pause");
    const pauses = firstPause < 0 ? this.#queue.length : firstPause;
    const [from, to] = request.urgency === "turn" ? [0, pauses] : [pauses, this.#queue.length];
    const at = place < 0 ? to : Math.min(Math.max(place, from), to);
    this.#queue.splice(at, 0, request);
  }

  /** Aborts a running partial, if there is one, for a request that waits. */
  #makeRoom(): void {
    const beingFreed = this.#seats.filter((seat) => seat.request?.dropped).length;
    if (beingFreed >= this.#queue.length) return;
    const seat = this.#seats.find(({ request }) => request?.urgency === "partial");
    if (seat && !seat.request!.dropped) drop(seat);
  }

  async #run(seat: Seat, request: Request): Promise<void> {
    seat.request = request;
    const startedAt = seat.busySince = this.#now();
    this.#longestWaitMs = Math.max(this.#longestWaitMs, startedAt - request.arrivedAt);
    try {
      const result = await seat.recognizer.transcribe(request.pcm);
      const now = this.#now();
      if (result) {
        this.recognitionTimes.add(now - startedAt);
        if (request.urgency !== "partial") this.urgentLatencies.add(now - request.arrivedAt);
        request.settle.resolve({ kind: "text", ...result, ms: now - startedAt });
      } else request.settle.resolve({ kind: "superseded" });
    } catch (error) {
      request.settle.reject(error);
    }
    seat.request = undefined;
    this.#busyMs += this.#now() - startedAt;
    const next = this.#queue.shift();
    if (next) this.#run(seat, next);
  }
}

function drop(seat: Seat): void {
  seat.request!.dropped = true;
  seat.request!.settle.resolve({ kind: "superseded" });
  seat.recognizer.abort();
}
