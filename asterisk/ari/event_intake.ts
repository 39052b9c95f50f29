// Where the PBX's messages become events. Whatever a message holds, and whatever its handler does,
// the next one is taken.

import { logger } from "../../config/logging.ts";
import { type AriEvent, type ParsedMessage, parseMessage } from "./events.ts";

const log = logger("ari");

/** A handler that holds the reader longer than this, in ms, is logged. */
const SLOW_HANDLER_MS = 5;

/**
 * Longest message that is looked at, in characters. Asterisk's are about 1 KB; a channel's variables
 * may add some.
 */
export const LONGEST_EVENT = 256 * 1024;

/** Dropped messages of one type are logged this often, in ms: a flood of them is one story. */
const LOG_EVERY_MS = 10_000;

/** Why an event changed nothing. */
export type DroppedBecause = "malformed" | "handler_failed";

/** Who takes the events, and who counts those that were lost. */
export interface IntakeHandlers {
  onEvent(event: AriEvent): void;
  onDropped?(why: DroppedBecause): void;
}

/** Takes the messages of one application. */
export class EventIntake {
  readonly #handlers: IntakeHandlers;
  readonly #now: () => number;
  /** What was dropped, by why and type, since it was last logged. The types are a closed set. */
  readonly #dropped = new Map<string, { count: number; loggedAt: number }>();

  /** @param now milliseconds of any clock that does not jump. */
  constructor(handlers: IntakeHandlers, now: () => number = () => performance.now()) {
    this.#handlers = handlers;
    this.#now = now;
  }

  /** Takes one message of the events socket; undefined when it was not text. Never throws. */
  take(text: string | undefined): void {
    const message = parsed(text);
    switch (message.kind) {
      case "not_in_use":
        return log.debug("event not in use", { type: message.type });
      case "malformed":
        return this.#malformed(message);
      case "event":
        return this.#handle(message.event);
    }
  }

  #malformed({ type, channel, problems }: Extract<ParsedMessage, { kind: "malformed" }>): void {
    this.#handlers.onDropped?.("malformed");
    this.#logSometimes("malformed", type, (since) =>
      log.warn("malformed event dropped", {
        type,
        problems,
        ...channel !== undefined && { channel },
        ...since > 1 && { since },
      }));
  }

  #handle(event: AriEvent): void {
    const startedAt = this.#now();
    try {
      this.#handlers.onEvent(event);
    } catch (error) {
      this.#handlers.onDropped?.("handler_failed");
      this.#logSometimes(
        "handler_failed",
        event.type,
        (since) =>
          log.error("event handler failed", {
            type: event.type,
            error,
            ...since > 1 && { since },
          }),
      );
    }
    const tookMs = this.#now() - startedAt;
    // Asterisk drops a reader that stalls for 100 ms.
    if (tookMs > SLOW_HANDLER_MS) log.warn("event handler is slow", { type: event.type, tookMs });
  }

  /** @param write gets how many there were since the line before, this one included. */
  #logSometimes(why: DroppedBecause, type: string, write: (since: number) => void): void {
    const key = `${why} ${type}`;
    const last = this.#dropped.get(key) ?? { count: 0, loggedAt: -Infinity };
    this.#dropped.set(key, last);
    last.count++;
    if (this.#now() - last.loggedAt < LOG_EVERY_MS) return;
    write(last.count);
    last.count = 0;
    last.loggedAt = this.#now();
  }
}

function parsed(text: string | undefined): ParsedMessage {
  if (text === undefined) return { kind: "malformed", type: "(none)", problems: ["not text"] };
  if (text.length <= LONGEST_EVENT) return parseMessage(text);
  const problems = [`longer than any event (${text.length} characters)`];
  return { kind: "malformed", type: "(none)", problems };
}
