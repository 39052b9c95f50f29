// The ways to carry a call's audio between Asterisk and us.

import type {
  MediaAddress,
  MediaListener,
  MediaPlan,
  MediaTransport,
} from "../../media/transport.ts";
import { addressOf } from "./address.ts";
import type { FileControl } from "./files/files_control.ts";
import { WebsocketTransport } from "./websocket/websocket_transport.ts";

export { TransportError } from "./error.ts";
export type { FileControl, FileEvents } from "./files/files_control.ts";

/**
 * Prepares what the PBX will connect to. Needs neither ARI nor credentials. Dispose the listener, or
 * the transport it returns, to close the sockets. All kinds but the usual one are loaded when used:
 * together they would add some 15 ms and 6 MB to the start of a call's isolate.
 *
 * @param control the PBX's playbacks and recordings, for the files transport.
 * @throws {TransportError} when no port is free, or phrases cannot be written.
 */
export async function prepareMedia(plan: MediaPlan, control?: FileControl): Promise<MediaListener> {
  switch (plan.kind) {
    case "websocket":
      return new WebsocketListener();
    case "audiosocket": {
      const { listenAudioSocket } = await import("./audiosocket/audiosocket_transport.ts");
      return await listenAudioSocket(plan);
    }
    case "rtp": {
      const { listenRtp } = await import("./rtp/rtp_transport.ts");
      return await listenRtp(plan);
    }
    case "files": {
      if (!control) throw new TypeError("the files transport needs a FileControl");
      const { prepareFiles } = await import("./files/files_transport.ts");
      return await prepareFiles(plan, control);
    }
  }
}

/** Prepares nothing: the PBX listens. */
class WebsocketListener implements MediaListener {
  readonly offer = { kind: "websocket" } as const;

  transport(address: MediaAddress): MediaTransport {
    return new WebsocketTransport(addressOf("websocket", address).url);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
