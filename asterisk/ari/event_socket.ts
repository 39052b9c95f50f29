// One connection for events, from its handshake to its end.

import { WebSocket } from "ws";
import { logger } from "../../config/logging.ts";
import { AriError, kindOfStatus } from "./error.ts";
import { type AriEvent, parseMessage } from "./events.ts";
import { type AriAddress, authorization } from "./http.ts";

const log = logger("ari");

/** An open events socket. */
export interface EventSocket {
  /** Resolves with the reason once the socket is closed, by whichever side. */
  readonly closed: Promise<string>;
  close(): void;
}

/** A handler that holds the reader longer than this, in ms, is named in the log. */
const SLOW_HANDLER_MS = 5;

/**
 * Connects and registers `app`; events go to `onEvent` until the socket is closed. A socket on
 * which nothing is heard for two `pingMs` is given up.
 *
 * The `ws` package rather than the runtime's WebSocket: it can ping, and it tells a wrong password
 * (401) from a PBX that is away.
 *
 * @throws {AriError}
 */
export function openEventSocket(
  address: AriAddress,
  app: string,
  onEvent: (event: AriEvent) => void,
  { pingMs, signal }: { readonly pingMs: number; readonly signal: AbortSignal },
): Promise<EventSocket> {
  const operation = `events of application ${app}`;
  const url = `${address.url.replace(/^http/, "ws")}/ari/events?app=${encodeURIComponent(app)}`;
  const opened = Promise.withResolvers<EventSocket>();
  const closed = Promise.withResolvers<string>();
  const socket = new WebSocket(url, {
    headers: { authorization: authorization(address) },
    perMessageDeflate: false,
  });
  const abort = () => {
    opened.reject(
      signal.reason instanceof DOMException && signal.reason.name === "TimeoutError"
        ? new AriError("timeout", operation, 0, "no answer in time", { cause: signal.reason })
        : signal.reason,
    );
    socket.terminate();
  };
  signal.addEventListener("abort", abort, { once: true });

  let heard = true;
  let givenUp: string | undefined;
  let pinging: ReturnType<typeof setInterval> | undefined;

  socket.on("open", () => {
    signal.removeEventListener("abort", abort);
    pinging = setInterval(() => {
      if (!heard) {
        givenUp = `nothing heard for ${2 * pingMs} ms`;
        return socket.terminate();
      }
      heard = false;
      socket.ping();
    }, pingMs);
    opened.resolve({ closed: closed.promise, close: () => socket.close() });
  });
  socket.on("pong", () => heard = true);
  socket.on("message", (data) => {
    heard = true;
    dispatch(String(data), onEvent);
  });
  socket.on("unexpected-response", (request, response) => {
    const { statusCode: status = 0, statusMessage = "" } = response;
    opened.reject(new AriError(kindOfStatus(status, ""), operation, status, statusMessage));
    request.destroy();
  });
  socket.on("error", (cause) => {
    givenUp ??= cause.message;
    opened.reject(
      new AriError("unreachable", operation, 0, `no answer from ${address.url}`, { cause }),
    );
  });
  socket.on("close", (code) => {
    clearInterval(pinging);
    signal.removeEventListener("abort", abort);
    opened.reject(new AriError("unreachable", operation, 0, "closed during the handshake"));
    closed.resolve(givenUp ?? `closed (${code})`);
  });
  return opened.promise;
}

/** Hands one message on; whatever it is, and whatever its handler does, the reader goes on. */
function dispatch(text: string, onEvent: (event: AriEvent) => void): void {
  const message = parseMessage(text);
  switch (message.kind) {
    case "not_in_use":
      return log.debug("event not in use", { type: message.type });
    case "malformed":
      return log.warn("malformed event dropped", {
        type: message.type,
        problems: message.problems,
      });
    case "event":
      return handle(message.event, onEvent);
  }
}

function handle(event: AriEvent, onEvent: (event: AriEvent) => void): void {
  const startedAt = performance.now();
  try {
    onEvent(event);
  } catch (error) {
    log.error("event handler failed", { type: event.type, error });
  }
  const tookMs = performance.now() - startedAt;
  // Asterisk drops a reader that stalls for 100 ms.
  if (tookMs > SLOW_HANDLER_MS) log.warn("event handler is slow", { type: event.type, tookMs });
}
