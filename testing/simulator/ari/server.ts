// The HTTP server of the simulated PBX: ARI, its events sockets and the media sockets.

import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { resourceDocs, resourceList } from "./api_docs.ts";
import { API_OPERATIONS } from "./api_operations.ts";
import type { EventsListener } from "./applications.ts";
import { MediaChannel } from "../media/media_channel.ts";
import type { OperationContext, OperationReply } from "./operation.ts";
import { HANDLERS } from "./operations.ts";
import { matchPath, readParameters } from "./request.ts";
import type { AnsweredRequest } from "../simulator.ts";
import { AriFailure } from "./wire.ts";

/** Faults the server is to show. */
export interface ServerFaults {
  /** Answers leave this much later; the command itself takes effect at once. */
  replyDelayMs: number;
  /** So many of the next commands are answered with `failStatus` and not executed. */
  failNext: number;
  failStatus: number;
  /** So many of the next media sockets are refused with 503. */
  refuseMedia: number;
}

/** ARI's credentials. */
export interface AriCredentials {
  readonly user: string;
  readonly password: string;
}

/** An events socket: whose it is, and how to have it hear no more. */
interface EventsConnection {
  readonly apps: readonly string[];
  forget(): void;
}

type Handler = (
  context: OperationContext,
  params: ReturnType<typeof readParameters>,
) => OperationReply | Promise<OperationReply>;

const ROUTES = Object.entries(API_OPERATIONS).flatMap(([resource, operations]) =>
  operations.map(({ method, path, nickname }) => ({
    method,
    path,
    handle: (HANDLERS as Record<string, Record<string, Handler>>)[resource]![nickname]!,
  }))
);

/** Listens for one PBX; see mod.ts for its life. */
export class AriServer {
  readonly #context: () => OperationContext;
  readonly #credentials: AriCredentials;
  readonly #sockets = new Set<Socket>();
  readonly #events = new Map<WebSocket, EventsConnection>();
  readonly #delayed = new Set<ReturnType<typeof setTimeout>>();
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    clientTracking: false,
    maxPayload: 0,
  });
  readonly faults: ServerFaults = {
    replyDelayMs: 0,
    failNext: 0,
    failStatus: 500,
    refuseMedia: 0,
  };
  readonly requests: AnsweredRequest[] = [];
  #server: Server | undefined;

  /** @param context the PBX as it is now; asked anew for every request, since a restart replaces it. */
  constructor(context: () => OperationContext, credentials: AriCredentials) {
    this.#context = context;
    this.#credentials = credentials;
  }

  /** Starts to listen on loopback, unless it does already. @returns the port. */
  async listen(port: number): Promise<number> {
    if (this.#server) return port;
    const server = createServer((request, response) => void this.#answer(request, response));
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
    server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket as Socket, head));
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
    for (const socket of this.#events.keys()) socket.terminate();
    for (const socket of this.#sockets) socket.destroy();
    await closed.promise;
  }

  /** Cuts the events sockets of an application, or all, without a word. */
  cutEvents(app?: string): void {
    for (const [socket, { apps, forget }] of this.#events) {
      if (app !== undefined && !apps.includes(app)) continue;
      forget();
      socket.terminate();
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://pbx");
    if (!url.pathname.startsWith("/ari/")) return notFound(response, url.pathname);
    if (!this.#authorized(request, url)) return unauthorized(response);
    const body = await readBody(request);
    if (body === undefined) return;
    const answer = await this.#operate(request, url, body);
    if (!answer) return;
    this.requests.push({
      method: request.method ?? "",
      path: url.pathname.slice("/ari".length),
      query: url.search,
      status: answer.status,
    });
    this.#reply(response, answer);
  }

  /** Undefined when the PBX died of it. */
  async #operate(
    request: IncomingMessage,
    url: URL,
    body: string,
  ): Promise<OperationReply | undefined> {
    try {
      return await this.#execute(request, url, body);
    } catch (error) {
      if (error instanceof AriFailure) {
        return { status: error.status, json: { message: error.message } };
      }
      if (error instanceof PbxCrash) return undefined;
      throw error;
    }
  }

  #execute(
    request: IncomingMessage,
    url: URL,
    body: string,
  ): OperationReply | Promise<OperationReply> {
    const path = url.pathname.slice("/ari".length);
    const docs = /^\/api-docs\/(\w+)\.json$/.exec(path)?.[1];
    if (docs !== undefined) return apiDocs(docs, request.headers.host ?? "");
    if (path === "/events") throw new AriFailure(426, "Upgrade Required");
    if (this.faults.failNext > 0) {
      this.faults.failNext--;
      throw new AriFailure(this.faults.failStatus, "Internal Server Error");
    }
    const matches = ROUTES.flatMap((route) => {
      const inPath = matchPath(route.path, path);
      return inPath ? [{ ...route, inPath }] : [];
    });
    if (matches.length === 0) throw new AriFailure(404, "Resource not found");
    const route = matches.find(({ method }) => method === request.method);
    if (!route) throw new AriFailure(405, "Invalid method");
    return route.handle(this.#context(), readParameters(route.inPath, url.searchParams, body));
  }

  #reply(response: ServerResponse, answer: OperationReply): void {
    const send = () => {
      if (!response.destroyed) write(response, answer);
    };
    if (this.faults.replyDelayMs > 0) {
      const timer = setTimeout(() => {
        this.#delayed.delete(timer);
        send();
      }, this.faults.replyDelayMs);
      this.#delayed.add(timer);
    } else send();
    void answer.afterwards?.();
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const url = new URL(request.url ?? "/", "http://pbx");
    const mediaId = /^\/media\/([^/]+)$/.exec(url.pathname)?.[1];
    if (mediaId !== undefined) return this.#upgradeMedia(mediaId, request, socket, head);
    if (url.pathname !== "/ari/events") return refuse(socket, 404, "Not Found");
    if (!this.#authorized(request, url)) return refuse(socket, 401, "Unauthorized");
    const apps = url.searchParams.getAll("app").flatMap((app) => app.split(",")).filter(Boolean);
    if (apps.length === 0) return refuse(socket, 400, "Bad Request");
    this.#webSockets.handleUpgrade(request, socket, head, (events: WebSocket) => {
      const listener: EventsListener = { send: (text) => events.send(text) };
      const { applications } = this.#context().pbx;
      for (const app of apps) applications.register(app, listener);
      const forget = () => {
        this.#events.delete(events);
        applications.unregister(listener);
      };
      this.#events.set(events, { apps, forget });
      // A cut connection shows as an error first; what matters is that it is closed.
      events.on("error", () => undefined);
      events.on("close", forget);
    });
  }

  #upgradeMedia(id: string, request: IncomingMessage, socket: Socket, head: Buffer): void {
    const channel = [...this.#context().pbx.channels.values()]
      .find((other) => other instanceof MediaChannel && other.connectionId === id);
    if (!(channel instanceof MediaChannel)) return refuse(socket, 404, "Not Found");
    if (channel.connected) return refuse(socket, 409, "Conflict");
    if (this.faults.refuseMedia > 0) {
      this.faults.refuseMedia--;
      return refuse(socket, 503, "Service Unavailable");
    }
    this.#webSockets.handleUpgrade(request, socket, head, (client: WebSocket) => {
      client.on("message", (data: Buffer, isBinary: boolean) => {
        if (isBinary) channel.takeAudio(data);
        else channel.takeText(data.toString(), data.length);
      });
      // As above: the close that follows says all.
      client.on("error", () => undefined);
      client.on("close", (code: number) => channel.disconnected(code !== ABNORMAL_CLOSURE));
      channel.connect({
        send: (data) => client.send(data),
        close: (code) => client.close(code),
        terminate: () => client.terminate(),
      });
    });
  }

  #authorized(request: IncomingMessage, url: URL): boolean {
    const expected = `${this.#credentials.user}:${this.#credentials.password}`;
    const [scheme, token] = (request.headers.authorization ?? "").split(" ");
    if (scheme === "Basic" && token !== undefined) {
      return Buffer.from(token, "base64").toString() === expected;
    }
    return url.searchParams.get("api_key") === expected;
  }
}

/** Thrown by an operation that ends the process of the PBX. */
export class PbxCrash extends Error {
  override readonly name = "PbxCrash";
}

/** RFC 6455: the connection was lost without a close frame. */
const ABNORMAL_CLOSURE = 1006;

function apiDocs(name: string, host: string): OperationReply {
  const json = name === "resources" ? resourceList(host) : resourceDocs(name, host);
  if (json === undefined) throw new AriFailure(404, "Resource not found");
  return { status: 200, json };
}

/** Undefined when the client went away in the middle of its request. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let gone = false;
  request.on("error", () => gone = true);
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch (error) {
    if (!gone) throw error;
  }
  return gone ? undefined : Buffer.concat(chunks).toString();
}

function write(response: ServerResponse, { status, json, bytes }: OperationReply): void {
  if (bytes) {
    response.writeHead(status, { "content-type": "audio/x-wav", "content-length": bytes.length });
    response.end(bytes);
  } else if (json === undefined) {
    response.writeHead(status).end();
  } else {
    const text = JSON.stringify(json);
    response.writeHead(status, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
      "cache-control": "no-cache, no-store",
    });
    response.end(text);
  }
}

function unauthorized(response: ServerResponse): void {
  response.setHeader("www-authenticate", 'Basic realm="Asterisk REST Interface"');
  write(response, { status: 401, json: { message: "Authentication required" } });
}

function notFound(response: ServerResponse, path: string): void {
  response.writeHead(404, { "content-type": "text/html" });
  response.end(
    path.startsWith("/media/") ? "WebSocket instance not found" : "The URL was not found",
  );
}

function refuse(socket: Socket, status: number, reason: string): void {
  socket.end(`HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
