// A minimal ARI server for unit tests: it serves api-docs, answers commands as a test says, and has
// an events socket over which a test sends anything, right or wrong. For whole calls use the
// simulator.

import type { AriAddress } from "../asterisk/ari/http.ts";
import { type ApiUsage, describeUsage } from "../asterisk/ari/contract/usage.ts";

/** A request that reached the PBX. */
export interface AriRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** An in-process ARI on a free port of loopback. */
export class TestAri implements AsyncDisposable {
  readonly seen: AriRequest[] = [];
  /** Answers commands: 204 unless a test replaces it. */
  answer: (request: AriRequest) => Response | Promise<Response> = () =>
    new Response(null, { status: 204 });
  /** Set to refuse events sockets with this response. */
  refuseEvents: Response | undefined;
  readonly #password: string;
  readonly #sockets = new Set<WebSocket>();
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #arrived = Promise.withResolvers<WebSocket>();

  constructor({ port = 0, password = "right" } = {}) {
    this.#password = password;
    this.#server = Deno.serve(
      { port, hostname: "127.0.0.1", onListen: () => {} },
      (request) => this.#serve(request),
    );
  }

  get port(): number {
    return this.#server.addr.port;
  }

  get address(): AriAddress {
    return { url: `http://127.0.0.1:${this.port}`, user: "bot", password: "right" };
  }

  /** The next events socket, or the one opened since the last call of this method. */
  async socket(): Promise<WebSocket> {
    const socket = await this.#arrived.promise;
    this.#arrived = Promise.withResolvers<WebSocket>();
    return socket;
  }

  /** Goes away like a PBX that is stopped. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.close();
    await this.#server.shutdown();
  }

  #serve(request: Request): Response | Promise<Response> {
    const url = new URL(request.url);
    if (request.headers.get("authorization") !== `Basic ${btoa(`bot:${this.#password}`)}`) {
      return Response.json({ message: "Authentication required" }, { status: 401 });
    }
    const resource = /^\/ari\/api-docs\/(\w+)\.json$/.exec(url.pathname)?.[1];
    if (resource) return Response.json(apiDocs()[resource]);
    if (url.pathname === "/ari/events") return this.#openSocket(request);
    const seen = {
      method: request.method,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
    };
    this.seen.push(seen);
    return this.answer(seen);
  }

  #openSocket(request: Request): Response {
    if (this.refuseEvents) return this.refuseEvents.clone();
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => {
      this.#sockets.add(socket);
      this.#arrived.resolve(socket);
    };
    socket.onclose = () => this.#sockets.delete(socket);
    return response;
  }
}

/** Api-docs that offer exactly what the product uses, in the form of Asterisk's. */
export function apiDocs(usage: ApiUsage = describeUsage()): Record<string, ApiDocJson> {
  const docs: Record<string, ApiDocJson> = {};
  const doc = (name: string) => docs[name] ??= { basePath: "http://pbx/ari", apis: [], models: {} };
  for (const { resource, operation, method, path, params, result } of usage.commands) {
    doc(resource).apis.push({
      path,
      operations: [{
        httpMethod: method,
        nickname: operation,
        responseClass: result,
        parameters: Object.entries(params).map(([name, param]) => {
          const [paramType = "", dataType = ""] = param.split(" ");
          return { name, paramType, dataType, required: paramType === "path" };
        }),
      }],
    });
  }
  for (const [name, fields] of Object.entries({ ...usage.models, ...usage.events })) {
    doc("events").models[name] = {
      properties: Object.fromEntries(
        Object.entries(fields).map(([field, { type, optional }]) => [
          field,
          { type: type === "number" ? "int" : type, required: !optional },
        ]),
      ),
    };
  }
  const apis = Object.keys(docs).map((name) => ({ path: `/api-docs/${name}.{format}` }));
  return { ...docs, resources: { ...doc("resources"), apis: apis as ApiDocJson["apis"] } };
}

/** An api-doc as JSON; writable, because tests break it. */
export interface ApiDocJson {
  basePath: string;
  apis: {
    path: string;
    operations: {
      httpMethod: string;
      nickname: string;
      responseClass: string;
      parameters: { name: string; paramType: string; dataType: string; required: boolean }[];
    }[];
  }[];
  models: Record<string, { properties: Record<string, { type: string; required: boolean }> }>;
}

/** A channel in ARI's JSON. */
export function channelJson(id: string): Record<string, unknown> {
  return {
    id,
    name: `PJSIP/caller-${id}`,
    state: "Up",
    protocol_id: "",
    caller: { name: "", number: "+15550001234" },
    connected: { name: "", number: "" },
    accountcode: "",
    dialplan: { context: "default", exten: "bot", priority: 2, app_name: "Stasis", app_data: "x" },
    creationtime: "2026-01-01T00:00:00.000+0000",
    language: "en",
  };
}

/** An event in ARI's JSON. */
export function eventJson(type: string, facts: Record<string, unknown> = {}): string {
  const timestamp = "2026-01-01T00:00:00.000+0000";
  return JSON.stringify({ type, application: "voxbot", timestamp, asterisk_id: "x", ...facts });
}
