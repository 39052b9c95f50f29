// The HTTP server of the simulated PBX: ARI, its events sockets and the media sockets.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { AnsweredRequest } from "../simulator.ts";
import {
  isAuthorized,
  readBody,
  refuseUpgrade,
  writeNotFound,
  writeReply,
  writeUnauthorized,
} from "./http_messages.ts";
import type { OperationContext, OperationReply } from "./operation.ts";
import { type AriHttpRequest, execute } from "./router.ts";
import { ServerFaults } from "./server_faults.ts";
import { PbxWebSockets, type Upgrade } from "./websockets.ts";
import { AriFailure } from "./wire.ts";

/** ARI's credentials. */
export interface AriCredentials {
  readonly user: string;
  readonly password: string;
}

/** Thrown by an operation that ends the process of the PBX. */
export class PbxCrash extends Error {
  override readonly name = "PbxCrash";
}

/** Listens for one PBX, through all its restarts. */
export class AriServer {
  readonly faults = new ServerFaults();
  readonly requests: AnsweredRequest[] = [];
  readonly #context: () => OperationContext;
  readonly #credentials: AriCredentials;
  readonly #sockets = new Set<Socket>();
  readonly #delayed = new Set<ReturnType<typeof setTimeout>>();
  readonly #webSockets = new PbxWebSockets();
  #server: Server | undefined;
  #mostSessions = 0;

  /**
   * @param context the PBX as it is now: asked anew for each request, since a restart replaces it.
   */
  constructor(context: () => OperationContext, credentials: AriCredentials) {
    this.#context = context;
    this.#credentials = credentials;
  }

  /** Most connections there were at a time. */
  get mostSessions(): number {
    return this.#mostSessions;
  }

  /** Listens on loopback unless it does already. @returns the port. */
  async listen(port: number): Promise<number> {
    if (this.#server) return port;
    const server = createServer((request, response) => void this.#answer(request, response));
    server.on("connection", (socket: Socket) => {
      // As main/http.c of Asterisk does: it writes a warning and closes.
      if (this.#sockets.size >= this.faults.sessionLimit) return socket.destroy();
      this.#sockets.add(socket);
      this.#mostSessions = Math.max(this.#mostSessions, this.#sockets.size);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    server.on("upgrade", (request, socket, head) => this.#upgrade({ request, socket, head }));
    const listening = Promise.withResolvers<void>();
    server.once("error", listening.reject);
    server.listen(port, "127.0.0.1", listening.resolve);
    await listening.promise;
    this.#server = server;
    return (server.address() as AddressInfo).port;
  }

  /** Stops listening and cuts every connection, as the end of the PBX's process does. */
  async close(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    for (const timer of this.#delayed) clearTimeout(timer);
    this.#delayed.clear();
    const closed = Promise.withResolvers<void>();
    server.close(() => closed.resolve());
    this.cutEvents();
    for (const socket of this.#sockets) socket.destroy();
    await closed.promise;
  }

  /** Cuts the events sockets of an application, or all, without a close frame. */
  cutEvents(app?: string): void {
    this.#webSockets.cutEvents(app);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://pbx");
    if (!url.pathname.startsWith("/ari/")) return writeNotFound(response, url.pathname);
    if (!isAuthorized(request, url, this.#credentials)) return writeUnauthorized(response);
    const body = await readBody(request);
    if (body === undefined) return;
    const method = request.method ?? "";
    const path = url.pathname.slice("/ari".length);
    const host = request.headers.host ?? "";
    const reply = await this.#execute({ method, path, query: url.searchParams, body, host });
    if (!reply) return;
    this.requests.push({ method, path, query: url.search, status: reply.status });
    this.#reply(response, reply);
  }

  /** Undefined when the PBX died of the request. */
  async #execute(request: AriHttpRequest): Promise<OperationReply | undefined> {
    try {
      return await execute(request, this.#context(), this.faults);
    } catch (error) {
      if (error instanceof AriFailure) {
        return { status: error.status, json: { message: error.message } };
      }
      if (error instanceof PbxCrash) return undefined;
      throw error;
    }
  }

  #reply(response: ServerResponse, reply: OperationReply): void {
    const send = () => {
      if (!response.destroyed) writeReply(response, reply);
    };
    if (this.faults.replyDelayMs > 0) {
      const timer = setTimeout(() => {
        this.#delayed.delete(timer);
        send();
      }, this.faults.replyDelayMs);
      this.#delayed.add(timer);
    } else send();
    void reply.afterwards?.();
  }

  #upgrade(upgrade: Upgrade): void {
    const { request, socket } = upgrade;
    const { pbx } = this.#context();
    const url = new URL(request.url ?? "/", "http://pbx");
    const mediaId = /^\/media\/([^/]+)$/.exec(url.pathname)?.[1];
    if (mediaId !== undefined) {
      return this.#webSockets.openMedia(upgrade, mediaId, pbx, this.faults);
    }
    if (url.pathname !== "/ari/events") return refuseUpgrade(socket, 404, "Not Found");
    if (!isAuthorized(request, url, this.#credentials)) {
      return refuseUpgrade(socket, 401, "Unauthorized");
    }
    this.#webSockets.openEvents(upgrade, url, pbx);
  }
}
