// Ways to carry a call's audio between Asterisk and us.

import type {
  MediaAddress,
  MediaListener,
  MediaPlan,
  MediaTransport,
} from "../../media/transport.ts";
import { listenAudioSocket } from "./audiosocket.ts";
import { listenRtp } from "./rtp.ts";
import { WebsocketTransport } from "./websocket.ts";

export { TransportError } from "./error.ts";

/**
 * Makes ready what the PBX is to connect to. Needs no ARI and no credentials. Dispose it, or the
 * transport it gives, to let the sockets go.
 *
 * @throws {TransportError} when there is no port to be had.
 */
export function prepareMedia(plan: MediaPlan): Promise<MediaListener> {
  switch (plan.kind) {
    case "websocket":
      return Promise.resolve(new WebsocketListener());
    case "audiosocket":
      return listenAudioSocket(plan);
    case "rtp":
      return listenRtp(plan);
  }
}

/**
 * The transport for an address at which the PBX itself listens, not yet open.
 *
 * @throws {TypeError} for the other kinds, which begin with `prepareMedia`.
 */
export function openTransport(address: MediaAddress): MediaTransport {
  if (address.kind === "websocket") return new WebsocketTransport(address.url);
  throw new TypeError(`a ${address.kind} transport begins with prepareMedia`);
}

/** Nothing to make ready: the PBX listens. */
class WebsocketListener implements MediaListener {
  readonly offer = { kind: "websocket" } as const;

  transport(address: MediaAddress): MediaTransport {
    if (address.kind !== "websocket") {
      throw new TypeError(`a websocket listener was given a ${address.kind} address`);
    }
    return openTransport(address);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
