// The calls that are up, each found by its id or by either of its channels.

import { type CallServices } from "../calls/call_services.ts";
import { CallSession } from "../calls/call_session.ts";
import type { CallRecord } from "../../call_record.ts";

/** The registry of live calls. */
export class LiveCalls {
  readonly #byId = new Map<string, CallSession>();
  /** By the caller's channel and by the media channel. */
  readonly #byChannel = new Map<string, CallSession>();
  #unsettled = 0;

  /** Calls that wait for their first isolate. */
  get unsettled(): number {
    return this.#unsettled;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** The calls there are now; later ones are not in it. */
  all(): CallSession[] {
    return [...this.#byId.values()];
  }

  /** The call with this id. */
  get(id: string): CallSession | undefined {
    return this.#byId.get(id);
  }

  /** The call that one of the PBX's channels belongs to. */
  on(channelId: string): CallSession | undefined {
    return this.#byChannel.get(channelId);
  }

  /** Starts a call's session, which is in the registry until it is closed. */
  start(record: CallRecord, services: CallServices, adopted: boolean): CallSession {
    let media: string | undefined;
    const session: CallSession = CallSession.start({
      record,
      services,
      adopted,
      onMediaChannel: (channelId) => {
        if (media !== undefined) this.#byChannel.delete(media);
        if (channelId !== undefined) this.#byChannel.set(channelId, session);
        media = channelId;
      },
    });
    this.#byId.set(record.id, session);
    this.#byChannel.set(record.channelId, session);
    this.#unsettled++;
    void session.settled.then(() => this.#unsettled--);
    void session.closed.finally(() => {
      this.#byId.delete(record.id);
      this.#byChannel.delete(record.channelId);
    });
    return session;
  }

  /** Settles when all calls there are now are closed. */
  async closed(): Promise<void> {
    await Promise.all(this.all().map(({ closed }) => closed));
  }
}
