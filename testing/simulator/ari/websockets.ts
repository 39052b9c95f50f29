// The websockets of the simulated PBX: ARI's events, and the media of chan_websocket.

import type { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { MediaChannel } from "../media/media_channel.ts";
import type { SimulatedPbx } from "../pbx/pbx.ts";
import type { EventsListener } from "./applications.ts";
import { refuseUpgrade } from "./http_messages.ts";
import type { ServerFaults } from "./server_faults.ts";

/** RFC 6455: the connection was lost without a close frame. */
const ABNORMAL_CLOSURE = 1006;

/** An events socket: its applications, and how to end their subscription. */
interface EventsConnection {
  readonly apps: readonly string[];
  forget(): void;
}

/** The handshake of a websocket, as node:http hands it over. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
}

/** All websockets of one server. */
export class PbxWebSockets {
  readonly #events = new Map<WebSocket, EventsConnection>();
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    clientTracking: false,
    maxPayload: 0,
  });

  /** Opens an events socket, and subscribes it to the applications it names. */
  openEvents(upgrade: Upgrade, url: URL, { applications }: SimulatedPbx): void {
    const apps = url.searchParams.getAll("app").flatMap((app) => app.split(",")).filter(Boolean);
    if (apps.length === 0) return refuseUpgrade(upgrade.socket, 400, "Bad Request");
    this.#accept(upgrade, (socket) => {
      const listener: EventsListener = { send: (text) => socket.send(text) };
      for (const app of apps) applications.register(app, listener);
      const forget = () => {
        this.#events.delete(socket);
        applications.unregister(listener);
      };
      this.#events.set(socket, { apps, forget });
      // A cut connection errs before it closes; the close says all.
      socket.on("error", () => undefined);
      socket.on("close", forget);
    });
  }

  /** Opens the media socket of the channel that waits under this connection id. */
  openMedia(upgrade: Upgrade, id: string, pbx: SimulatedPbx, faults: ServerFaults): void {
    const channel = [...pbx.channels.values()]
      .find((other) => other instanceof MediaChannel && other.connectionId === id);
    if (!(channel instanceof MediaChannel)) {
      return refuseUpgrade(upgrade.socket, 404, "Not Found");
    }
    if (channel.connected) return refuseUpgrade(upgrade.socket, 409, "Conflict");
    if (faults.takesRefusal()) return refuseUpgrade(upgrade.socket, 503, "Service Unavailable");
    this.#accept(upgrade, (socket) => {
      socket.on("message", (data: Buffer, isBinary: boolean) => {
        if (isBinary) channel.takeAudio(data);
        else channel.takeText(data.toString(), data.length);
      });
      // As above.
      socket.on("error", () => undefined);
      socket.on("close", (code: number) => channel.disconnected(code !== ABNORMAL_CLOSURE));
      channel.connect({
        send: (data) => socket.send(data),
        close: (code) => socket.close(code),
        terminate: () => socket.terminate(),
      });
    });
  }

  /** Cuts the events sockets of an application, or all, without a close frame. */
  cutEvents(app?: string): void {
    for (const [socket, { apps, forget }] of this.#events) {
      if (app !== undefined && !apps.includes(app)) continue;
      forget();
      socket.terminate();
    }
  }

  #accept({ request, socket, head }: Upgrade, opened: (socket: WebSocket) => void): void {
    this.#server.handleUpgrade(request, socket, head, opened);
  }
}
