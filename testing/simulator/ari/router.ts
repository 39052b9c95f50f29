// From a request to the handler of its operation.

import { resourceDocs, resourceList } from "./api_docs.ts";
import { API_OPERATIONS } from "./api_operations.ts";
import type { Handler } from "./handlers/handler.ts";
import { HANDLERS } from "./handlers/mod.ts";
import type { OperationContext, OperationReply } from "./operation.ts";
import { matchPath, readParameters } from "./request.ts";
import type { ServerFaults } from "./server_faults.ts";
import { AriFailure } from "./wire.ts";

/** A request to ARI, its body read. */
export interface AriHttpRequest {
  readonly method: string;
  /** From behind `/ari`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
  /** The `Host` header: the api-docs name it as the PBX's address. */
  readonly host: string;
}

const ROUTES = Object.entries(API_OPERATIONS).flatMap(([resource, operations]) =>
  operations.map(({ method, path, nickname }) => ({
    method,
    path,
    handle: (HANDLERS as Record<string, Record<string, Handler>>)[resource]![nickname]!,
  }))
);

/** Executes a request. @throws {AriFailure} when it is refused. */
export function execute(
  request: AriHttpRequest,
  context: OperationContext,
  faults: ServerFaults,
): OperationReply | Promise<OperationReply> {
  const { method, path, query, body, host } = request;
  const docs = /^\/api-docs\/(\w+)\.json$/.exec(path)?.[1];
  if (docs !== undefined) return apiDocs(docs, host);
  if (path === "/events") throw new AriFailure(426, "Upgrade Required");
  faults.maybeFail();
  const matches = ROUTES.flatMap((route) => {
    const inPath = matchPath(route.path, path);
    return inPath ? [{ ...route, inPath }] : [];
  });
  if (matches.length === 0) throw new AriFailure(404, "Resource not found");
  const route = matches.find((match) => match.method === method);
  if (!route) throw new AriFailure(405, "Invalid method");
  return route.handle(context, readParameters(route.inPath, query, body));
}

function apiDocs(name: string, host: string): OperationReply {
  const json = name === "resources" ? resourceList(host) : resourceDocs(name, host);
  if (json === undefined) throw new AriFailure(404, "Resource not found");
  return { status: 200, json };
}
