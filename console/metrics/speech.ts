// The metrics of the speech services, by task (asr, tts) and service.

import type { SpeechEvent } from "../../speech/events.ts";
import type { Instruments } from "./instruments.ts";
import { observe, word } from "./values.ts";

/** Bucket bounds in seconds: from a cached phrase to a service in trouble. */
const SERVICE_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2.5, 5, 10];
/** As a gauge: 0 is in use, 1 is left alone, between them a probe. */
const BREAKER_STATES = { closed: 0, half_open: 0.5, open: 1 } as const;

/** Registers the metrics and returns the listener that keeps them. */
export function speechMetrics(make: Instruments): (event: SpeechEvent) => void {
  const of = ["task", "service"] as const;
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    make.counter(`speech_${name}`, help, labelNames);
  const latency = (name: string, help: string) =>
    make.histogram(`speech_${name}_seconds`, help, SERVICE_SECONDS, of);

  const requests = counter("requests", "Requests to a speech service", of);
  const errors = counter("errors", "Failures of a speech service, by its code", [...of, "code"]);
  const firstBytes = latency("first_byte", "From a request to the first audio or the first text");
  const finals = latency(
    "final",
    "tts: from a request to its last audio; asr: from our end of utterance to the final text",
  );
  const failovers = counter(
    "failovers",
    "Work that one service could not do and the next one did",
    ["task", "from", "to", "code"],
  );
  const cached = counter("cache", "Phrases looked up in the phrase cache", ["service", "outcome"]);
  const rotations = counter(
    "rotations",
    "Recognition sessions replaced before their limit in the middle of an utterance",
    ["service", "seam"],
  );
  const breakers = make.gauge(
    "speech_breaker",
    "1 while a service is left alone after failures, 0.5 while it is probed, 0 otherwise",
    of,
  );

  return (event) => {
    switch (event.kind) {
      case "request":
        return requests.inc({ task: event.task, service: event.service });
      case "first_byte":
        return observe(firstBytes, { task: event.task, service: event.service }, event.ms);
      case "final":
        return observe(finals, { task: event.task, service: event.service }, event.ms);
      case "error":
        return errors.inc({ task: event.task, service: event.service, code: code(event.code) });
      case "failover": {
        const { task, from, to } = event;
        return failovers.inc({ task, from, to, code: code(event.code) });
      }
      case "cache":
        return cached.inc({ service: event.service, outcome: event.hit ? "hit" : "miss" });
      case "rotation":
        return rotations.inc({ service: event.service, seam: event.seam });
      case "breaker":
        return breakers.set(
          { task: event.task, service: event.service },
          BREAKER_STATES[event.state],
        );
      case "recovered":
        return;
    }
  };
}

/** Turns "HTTP 429" into a word, too. */
function code(text: string): string {
  return word(text.replaceAll(" ", "_"));
}
