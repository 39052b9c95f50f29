// Stasis applications: who hears which events.

import { ariDate } from "./wire.ts";

/** One events socket. */
export interface EventsListener {
  send(text: string): void;
}

/** The id of this PBX in every event: a locally administered MAC address. */
export const ASTERISK_ID = "02:00:5e:00:53:01";

/** The registered applications. One without a listener stays listed while it has channels. */
export class Applications {
  readonly #listeners = new Map<string, EventsListener | undefined>();
  readonly #lastStart = new Map<string, string>();

  /**
   * Subscribes `listener`. A previous listener hears that it was replaced, and nothing after that.
   */
  register(name: string, listener: EventsListener): void {
    const before = this.#listeners.get(name);
    this.#listeners.set(name, listener);
    if (before && before !== listener) {
      before.send(JSON.stringify(this.#event("ApplicationReplaced", name, {})));
    }
  }

  /** Unsubscribes a listener: its applications hear nothing until another registers. */
  unregister(listener: EventsListener): void {
    for (const [name, current] of this.#listeners) {
      if (current === listener) this.#listeners.set(name, undefined);
    }
  }

  /** Whether somebody listens for the application, so that channels can enter it. */
  isActive(name: string): boolean {
    return this.#listeners.get(name) !== undefined;
  }

  /** All applications with a listener or, by `hasChannels`, with channels. */
  listed(hasChannels: (name: string) => boolean): string[] {
    return [...this.#listeners.keys()].filter((name) => this.isActive(name) || hasChannels(name))
      .sort();
  }

  /** Sends an event to those of the applications named that have a listener. */
  send(names: Iterable<string>, type: string, facts: Record<string, unknown>): void {
    for (const name of new Set(names)) {
      const text = JSON.stringify(this.#event(type, name, facts));
      if (type === "StasisStart") this.#lastStart.set(name, text);
      this.#listeners.get(name)?.send(text);
    }
  }

  /** Sends any text to every listener. */
  sendRaw(text: string): void {
    for (const listener of new Set(this.#listeners.values())) listener?.send(text);
  }

  /** Repeats each application's latest StasisStart. */
  repeatStasisStart(): void {
    for (const [name, text] of this.#lastStart) this.#listeners.get(name)?.send(text);
  }

  #event(type: string, application: string, facts: Record<string, unknown>) {
    return { type, timestamp: ariDate(), ...facts, asterisk_id: ASTERISK_ID, application };
  }
}
