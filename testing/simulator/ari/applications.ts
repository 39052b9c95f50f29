// Stasis applications: who is told of what.

import { ariDate } from "./wire.ts";

/** One events socket. */
export interface EventsListener {
  send(text: string): void;
}

/** The id of this PBX in every event; of the form of a MAC address, locally administered. */
export const ASTERISK_ID = "02:00:5e:00:53:01";

/** The registered applications. One stays listed, though deaf, while it has channels. */
export class Applications {
  readonly #listeners = new Map<string, EventsListener | undefined>();
  readonly #lastStart = new Map<string, string>();

  /** Subscribes `listener`; one that was there before is told it has been replaced, and no more. */
  register(name: string, listener: EventsListener): void {
    const before = this.#listeners.get(name);
    this.#listeners.set(name, listener);
    if (before && before !== listener) {
      before.send(JSON.stringify(this.#event("ApplicationReplaced", name, {})));
    }
  }

  /** The listener's socket is closed: its applications hear nothing until another registers. */
  unregister(listener: EventsListener): void {
    for (const [name, current] of this.#listeners) {
      if (current === listener) this.#listeners.set(name, undefined);
    }
  }

  /** Whether a channel can enter it now. */
  isActive(name: string): boolean {
    return this.#listeners.get(name) !== undefined;
  }

  /** All that are registered or still have channels, given who has. */
  listed(hasChannels: (name: string) => boolean): string[] {
    return [...this.#listeners.keys()].filter((name) => this.isActive(name) || hasChannels(name))
      .sort();
  }

  /** Sends an event to those of `names` that listen. */
  send(names: Iterable<string>, type: string, facts: Record<string, unknown>): void {
    for (const name of new Set(names)) {
      const text = JSON.stringify(this.#event(type, name, facts));
      if (type === "StasisStart") this.#lastStart.set(name, text);
      this.#listeners.get(name)?.send(text);
    }
  }

  /** Sends any text at all, to every listener. */
  sendRaw(text: string): void {
    for (const listener of new Set(this.#listeners.values())) listener?.send(text);
  }

  /** Sends each application's latest StasisStart once more. */
  repeatStasisStart(): void {
    for (const [name, text] of this.#lastStart) this.#listeners.get(name)?.send(text);
  }

  #event(type: string, application: string, facts: Record<string, unknown>) {
    return { type, timestamp: ariDate(), ...facts, asterisk_id: ASTERISK_ID, application };
  }
}
