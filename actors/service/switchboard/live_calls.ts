// The calls that are up, each found by its id or by either of its channels.

import { type AriEvent, channelOf } from "../../../asterisk/ari/mod.ts";
import { logger } from "../../../config/logging.ts";
import { type CallServices } from "../calls/call_services.ts";
import { CallSession } from "../calls/call_session.ts";
import type { CallRecord } from "../../call_record.ts";
import type { ServiceMetrics } from "../metrics.ts";

const log = logger("switchboard");

/** The registry of live calls. */
export class LiveCalls {
  readonly #byId = new Map<string, CallSession>();
  /** By the caller's channel and by the media channel. */
  readonly #byChannel = new Map<string, CallSession>();
  readonly #metrics: Pick<ServiceMetrics, "ariEventDropped">;
  #unsettled = 0;

  constructor(metrics: Pick<ServiceMetrics, "ariEventDropped">) {
    this.#metrics = metrics;
  }

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

  /** Gives an event to the call it belongs to. Whatever that call does, others get it, too. */
  tell(event: AriEvent): void {
    const channelId = channelOf(event);
    const session = channelId === undefined ? undefined : this.on(channelId);
    try {
      session?.onEvent(event);
    } catch (error) {
      this.#metrics.ariEventDropped("handler_failed");
      const call = session?.record.id;
      log.error("a call could not take an event of its own", { call, type: event.type, error });
    }
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
