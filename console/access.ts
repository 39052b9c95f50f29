// Who may use the console. A browser can be made to ask a loopback address by any web page (DNS
// rebinding, cross-site requests), so a request must name us as its host and come from no other origin.

import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";

import { logger } from "../config/logging.ts";
import { isLoopback } from "../config/loopback.ts";

/** The settings that decide. */
export interface ConsoleAccess {
  /** CONSOLE_HOST. */
  readonly host: string;
  /** CONSOLE_ALLOWED_HOSTS: further names by which the console may be asked. */
  readonly allowedHosts: readonly string[];
  /** CONSOLE_TOKEN; empty: none is asked for. */
  readonly token: string;
}

/** Access to a console on loopback with no settings of its own. */
export const LOCAL_ACCESS: ConsoleAccess = { host: "127.0.0.1", allowedHosts: [], token: "" };

/** No request of the console's own needs more. */
const MOST_BODY_BYTES = 1024;

/** Health is for load balancers and unit files, which have no token. */
const OPEN_PATHS = ["/live", "/ready"];

const log = logger("console");

/** Headers of every answer: it is shown to whom it was made for, kept by nobody, and runs nothing. */
const HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Refuses whom the settings do not let in, before any route. */
export function guard(access: ConsoleAccess): MiddlewareHandler[] {
  const hosts = new Set(["localhost", "127.0.0.1", "[::1]", bracketed(access.host)]
    .concat(access.allowedHosts.map((host) => host.toLowerCase())));
  return [
    async (c, next) => {
      await next();
      for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
    },
    async (c, next) => {
      const refused = wrongHost(c, hosts) ?? otherOrigin(c) ?? wrongToken(c, access) ?? notJson(c);
      return refused ?? await next();
    },
    bodyLimit({
      maxSize: MOST_BODY_BYTES,
      onError: (c) => c.json({ error: `a body has at most ${MOST_BODY_BYTES} bytes` }, 413),
    }),
  ];
}

/** The port is not compared: a tunnel (`ssh -L 9001:127.0.0.1:9000`) has another. */
function wrongHost(c: Context, hosts: ReadonlySet<string>): Response | undefined {
  const named = [c.req.url, `http://${c.req.header("host") ?? "localhost"}`].map(hostnameOf);
  if (named.every((host) => host !== undefined && hosts.has(host))) return undefined;
  return c.json({
    error: "the console is not known by this host name; add it to CONSOLE_ALLOWED_HOSTS",
  }, 421);
}

/** A page of another origin asks, or one of unknown origin. */
function otherOrigin(c: Context): Response | undefined {
  const origin = c.req.header("origin");
  const site = c.req.header("sec-fetch-site");
  const host = c.req.header("host") ?? new URL(c.req.url).host;
  const ours = origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
  if (ours && (site === undefined || site === "same-origin" || site === "none")) return undefined;
  return c.json({ error: "the console answers no page of another site" }, 403);
}

function wrongToken(c: Context, { token, host }: ConsoleAccess): Response | undefined {
  const open = OPEN_PATHS.includes(c.req.path) || (c.req.path === "/metrics" && isLoopback(host));
  if (token === "" || open) return undefined;
  const [, given = ""] = /^bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "") ?? [];
  if (sameText(given, token)) return undefined;
  if (given !== "") warnOfWrongToken();
  c.header("www-authenticate", "Bearer");
  return c.json({ error: "CONSOLE_TOKEN is needed: Authorization: Bearer …" }, 401);
}

/** What a form or a script of another site can send without being asked first is not JSON (Fetch, "CORS-safelisted"). */
function notJson(c: Context): Response | undefined {
  if (c.req.method === "GET" || c.req.method === "HEAD") return undefined;
  if (/^application\/json\s*(;|$)/i.test(c.req.header("content-type") ?? "")) return undefined;
  return c.json({ error: "send application/json" }, 415);
}

let wrongTokens = 0;
let warnedAt = -Infinity;

/** One line a minute, however many are tried. */
function warnOfWrongToken(): void {
  wrongTokens++;
  const now = performance.now();
  if (now - warnedAt < 60_000) return;
  warnedAt = now;
  log.warn("a wrong CONSOLE_TOKEN was given", { since_start: wrongTokens });
}

/** Compares in a time that tells nothing of where two texts differ, nor of their lengths. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function hostnameOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname.toLowerCase() : undefined;
}

function bracketed(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host.toLowerCase();
}
