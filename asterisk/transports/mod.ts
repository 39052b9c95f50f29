// Ways to carry a call's audio between Asterisk and us.

import type { MediaAddress, MediaTransport } from "../../media/transport.ts";
import { WebsocketTransport } from "./websocket.ts";

export { TransportError } from "./error.ts";

/** The transport for an address, not yet open. Needs the address only: no ARI, no credentials. */
export function openTransport(address: MediaAddress): MediaTransport {
  switch (address.kind) {
    case "websocket":
      return new WebsocketTransport(address.url);
  }
}
