// Ways to carry a call's audio between Asterisk and us.

import type {
  MediaAddress,
  MediaListener,
  MediaPlan,
  MediaTransport,
} from "../../media/transport.ts";
import { listenAudioSocket } from "./audiosocket.ts";
import { prepareFiles } from "./files.ts";
import type { FileControl } from "./files_control.ts";
import { listenRtp } from "./rtp.ts";
import { WebsocketTransport } from "./websocket.ts";

export { TransportError } from "./error.ts";
export type { FileControl, FileEvents } from "./files_control.ts";
export { sweepPhraseFiles } from "./phrase_files.ts";

/**
 * Makes ready what the PBX is to connect to. Needs no ARI and no credentials. Dispose it, or the
 * transport it gives, to let the sockets go.
 *
 * @param control the PBX's playbacks and recordings, for the files transport.
 * @throws {TransportError} when there is no port to be had, or phrases cannot be written.
 */
export function prepareMedia(plan: MediaPlan, control?: FileControl): Promise<MediaListener> {
  switch (plan.kind) {
    case "websocket":
      return Promise.resolve(new WebsocketListener());
    case "audiosocket":
      return listenAudioSocket(plan);
    case "rtp":
      return listenRtp(plan);
    case "files":
      if (!control) throw new TypeError("the files transport needs a FileControl");
      return prepareFiles(plan, control);
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
