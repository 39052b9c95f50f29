// The HTTP interface: is the service alive and ready, its metrics, its calls and what was said in them.
// docs/operation.md promises paths and shapes to other people's programs.

import { type Context, Hono } from "hono";

import { FAULT_KINDS, type FaultKind } from "../actors/otp/control.ts";
import { logger } from "../config/logging.ts";
import { VERSION } from "../config/version.ts";
import { type ConsoleAccess, guard } from "./access.ts";
import { describe, placeOf, placeWord, summarise } from "./calls.ts";
import type { PrometheusMetrics } from "./metrics/mod.ts";
import type { CallDirectory, Health } from "./ports.ts";
import { serveRecording } from "./recording.ts";

/** What the console shows. */
export interface ConsoleParts {
  readonly calls: CallDirectory;
  readonly health: Health;
  readonly metrics: Pick<PrometheusMetrics, "contentType" | "exposition">;
  /** Whether faults can be injected; otherwise those paths do not exist. */
  readonly faultInjection: boolean;
  /** Who may ask. */
  readonly access: ConsoleAccess;
}

/** Most calls in one answer of `/api/calls`, and the limit of a request that names none. */
const MAX_PAGE = 1000;

const log = logger("console");

/** The console as an application: `app.fetch(request)` answers a request. */
export function createConsole(
  { calls, health, metrics, faultInjection, access }: ConsoleParts,
): Hono {
  const app = new Hono();
  app.use(...guard(access));

  app.get("/live", (c) => c.json({ live: true, version: VERSION }));
  app.get("/ready", (c) => {
    const state = health.ready();
    return c.json(state, state.ready ? 200 : 503);
  });
  app.get(
    "/metrics",
    async (c) => c.body(await metrics.exposition(), 200, { "content-type": metrics.contentType }),
  );

  app.get("/api/calls", (c) => {
    const limit = positive(c.req.query("limit"), MAX_PAGE);
    const before = c.req.query("before");
    const place = before === undefined ? undefined : placeOf(before);
    // A program that counts pages would otherwise get the first one for ever.
    const counts = c.req.query("page") !== undefined;
    if (limit === undefined || limit > MAX_PAGE || counts || before !== undefined && !place) {
      return problem(c, 400, `limit must be 1 to ${MAX_PAGE}, before the "next" of an answer`);
    }
    const page = calls.page(place, limit);
    const last = page.length === limit ? page.at(-1) : undefined;
    return c.json({ calls: page.map(summarise), ...last && { next: placeWord(last) } });
  });
  app.get("/api/calls/:id", (c) => {
    const call = calls.get(c.req.param("id"));
    if (!call) return noSuchCall(c);
    const recorded = calls.recordingPath(call.id) !== undefined;
    const path = `/api/calls/${encodeURIComponent(call.id)}/recording`;
    return c.json(describe(call, recorded ? path : undefined));
  });
  app.get("/api/calls/:id/recording", async (c) => {
    const call = calls.get(c.req.param("id"));
    if (!call) return noSuchCall(c);
    const path = calls.recordingPath(call.id);
    const response = path && await serveRecording(path, c.req.method, c.req.header("range"));
    return response || problem(
      c,
      404,
      call.endedAt === undefined
        ? "no recording yet: the call is still in progress"
        : "no recording of this call: RECORD_CALLS was false, or the file has been removed",
    );
  });

  if (faultInjection) addFaultRoutes(app, calls);

  app.notFound((c) => problem(c, 404, `nothing at ${c.req.method} ${c.req.path}`));
  app.onError((error, c) => {
    log.error("request failed", { method: c.req.method, path: c.req.path, error });
    return problem(c, 500, "the console failed; the service's log says why");
  });
  return app;
}

/** The paths that break a call or the speech engine on purpose. */
function addFaultRoutes(app: Hono, calls: CallDirectory): void {
  app.post("/api/calls/:id/fault", async (c) => {
    const kind = await faultKind(c);
    if (!kind) return unknownFault(c);
    const call = calls.get(c.req.param("id"));
    if (!call) return noSuchCall(c);
    const struckAt = await calls.injectFault(call.id, kind);
    return struckAt === undefined
      ? problem(c, 409, "the call has ended")
      : injected(c, kind, struckAt);
  });
  app.post("/api/engine/fault", async (c) => {
    const kind = await faultKind(c);
    if (!kind) return unknownFault(c);
    const struckAt = await calls.injectEngineFault(kind);
    return struckAt === undefined
      ? problem(c, 409, "the speech engine is not running")
      : injected(c, kind, struckAt);
  });
}

/** A whole number from 1 on; `fallback` when absent, undefined when invalid. */
function positive(value: string | undefined, fallback: number): number | undefined {
  if (value === undefined) return fallback;
  return /^\d{1,9}$/.test(value) && Number(value) >= 1 ? Number(value) : undefined;
}

async function faultKind(c: Context): Promise<FaultKind | undefined> {
  const body: unknown = await c.req.json().catch(() => undefined);
  const kind = body !== null && typeof body === "object" && "kind" in body ? body.kind : undefined;
  return FAULT_KINDS.find((known) => known === kind);
}

function injected(c: Context, kind: FaultKind, struckAt: number): Response {
  return c.json({ injected: kind, struckAt: new Date(struckAt).toISOString() }, 202);
}

function unknownFault(c: Context): Response {
  return problem(c, 400, `the body must be {"kind": one of ${FAULT_KINDS.join(", ")}}`);
}

function noSuchCall(c: Context): Response {
  return problem(c, 404, "no such call; GET /api/calls lists those that are kept");
}

function problem(c: Context, status: 400 | 404 | 409 | 500, error: string): Response {
  return c.json({ error }, status);
}
