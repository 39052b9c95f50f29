// Ways to carry a call's audio between Asterisk and us.

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
 * Makes ready what the PBX is to connect to. All kinds but the usual one are loaded when they are
 * used: together they cost a call's isolate some 15 ms of its start and 6 MB. Needs no ARI and no credentials. Dispose it, or the
 * transport it gives, to let the sockets go.
 *
 * @param control the PBX's playbacks and recordings, for the files transport.
 * @throws {TransportError} when there is no port to be had, or phrases cannot be written.
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

/** Nothing to make ready: the PBX listens. */
class WebsocketListener implements MediaListener {
  readonly offer = { kind: "websocket" } as const;

  transport(address: MediaAddress): MediaTransport {
    return new WebsocketTransport(addressOf("websocket", address).url);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
