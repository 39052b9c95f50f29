// What happens with the speech services, as it happens. A call isolate passes the events on to the
// service isolate, which counts them.

import type { ServiceFailure, ServiceName } from "./failure.ts";

/** Recognition or synthesis. */
export type SpeechTask = "asr" | "tts";

/** One event. Plain data, so that it can be sent to another isolate. */
export type SpeechEvent =
  /** A request was sent. */
  | { readonly kind: "request"; readonly task: SpeechTask; readonly service: ServiceName }
  /** Time from the request to the first audio (tts) or the first text (asr). */
  | {
    readonly kind: "first_byte";
    readonly task: SpeechTask;
    readonly service: ServiceName;
    readonly ms: number;
  }
  /** tts: time from the request to its last audio. asr: from our end of utterance to the final text. */
  | {
    readonly kind: "final";
    readonly task: SpeechTask;
    readonly service: ServiceName;
    readonly ms: number;
  }
  | {
    readonly kind: "error";
    readonly task: SpeechTask;
    readonly service: ServiceName;
    readonly code: string;
  }
  /** `from` failed and `to` took over; `message` names the cure; `first`: of the episode in this isolate. */
  | {
    readonly kind: "failover";
    readonly task: SpeechTask;
    readonly from: ServiceName;
    readonly to: ServiceName;
    readonly code: string;
    readonly message: string;
    readonly first: boolean;
  }
  /** A service that was passed over works again. */
  | { readonly kind: "recovered"; readonly task: SpeechTask; readonly service: ServiceName }
  /** The phrase cache was asked for a phrase. */
  | { readonly kind: "cache"; readonly service: ServiceName; readonly hit: boolean }
  /** A recognition session was replaced during an utterance, before it reached its limit. */
  | { readonly kind: "rotation"; readonly service: ServiceName; readonly seam: "pause" | "overlap" }
  /** A service's circuit breaker changed; an open one lets a probe through at `untilMs` (epoch). */
  | {
    readonly kind: "breaker";
    readonly task: SpeechTask;
    readonly service: ServiceName;
    readonly state: "closed" | "open" | "half_open";
    readonly untilMs: number;
  };

/** Receives the events. Must not throw. */
export type SpeechEventHandler = (event: SpeechEvent) => void;

/** The event that counts a service's failure in the metrics. */
export function errorEvent(task: SpeechTask, failure: ServiceFailure): SpeechEvent {
  return { kind: "error", task, service: failure.service, code: failure.code };
}
