// Logs an outage of a speech service as one error line, however many calls it affects, and one line
// when it is over.

import { logger } from "../../config/logging.ts";
import type { SpeechEvent } from "../events.ts";

/** After this long without a failover, the next one is news again. */
const FORGOTTEN_AFTER_MS = 600_000;

interface Episode {
  failovers: number;
  lastAt: number;
}

/** The episodes of all services, from the events of all calls. */
export class Episodes {
  readonly #episodes = new Map<string, Episode>();
  /** Causes that are logged as an error, and since when. */
  readonly #explained = new Map<string, number>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  happened(event: SpeechEvent): void {
    if (event.kind === "failover") this.#failedOver(event);
    else if (event.kind === "recovered") this.#recovered(event);
  }

  /** This cause is already logged as an error: services that fail because of it are a warning. */
  explained(message: string): void {
    this.#explained.set(message, this.#now());
  }

  #failedOver({ task, from, to, code, message }: Extract<SpeechEvent, { kind: "failover" }>): void {
    const now = this.#now();
    const episode = this.#episodes.get(`${task} ${from}`);
    if (episode && now - episode.lastAt < FORGOTTEN_AFTER_MS) {
      episode.failovers++;
      episode.lastAt = now;
      return;
    }
    this.#episodes.set(`${task} ${from}`, { failovers: 1, lastAt: now });
    const known = now - (this.#explained.get(message) ?? -Infinity) < FORGOTTEN_AFTER_MS;
    this.explained(message);
    logger("speech")[known ? "warn" : "error"](
      "speech service failed, the next one takes over",
      { task, service: from, code, next: to, error: message },
    );
  }

  #recovered({ task, service }: Extract<SpeechEvent, { kind: "recovered" }>): void {
    const episode = this.#episodes.get(`${task} ${service}`);
    if (!episode) return;
    this.#episodes.delete(`${task} ${service}`);
    const { failovers } = episode;
    logger("speech").info("speech service works again", { task, service, failovers });
  }
}
