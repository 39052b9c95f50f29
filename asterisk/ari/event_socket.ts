// One events socket, from its handshake to its end.

import { WebSocket } from "ws";
import { logger } from "../../config/logging.ts";
import { abortError, AriError, kindOfStatus, orNotServed } from "./error.ts";
import { type AriEvent, parseMessage } from "./events.ts";
import { type AriAddress, authorization } from "./http.ts";

const log = logger("ari");

/** A handler that holds the reader longer than this, in ms, is logged. */
const SLOW_HANDLER_MS = 5;
/** Longest wait for the PBX's half of the opening and of the closing handshake, in ms. */
const OPEN_DEADLINE_MS = 5000;
const CLOSE_DEADLINE_MS = 1000;

/** What happens on the socket. */
export interface EventHandlers {
  /** The application is registered; called before the first event. */
  onOpen(): void;
  onEvent(event: AriEvent): void;
}

/**
 * Connects, registers `app`, and passes events on until either side closes the socket. A socket
 * that is silent for two `pingMs` is given up.
 *
 * Uses the `ws` package rather than the runtime's WebSocket: `ws` can ping, and tells a wrong
 * password (401) from a PBX that is away.
 *
 * @returns why the socket was closed.
 * @throws {AriError} when it could not be opened.
 * @throws the signal's reason when it aborts before that.
 */
export async function readEvents(
  address: AriAddress,
  app: string,
  handlers: EventHandlers,
  { pingMs, signal }: { readonly pingMs: number; readonly signal: AbortSignal },
): Promise<string> {
  const operation = `events of application ${app}`;
  if (signal.aborted) throw abortError(operation, signal);
  const url = `${address.url.replace(/^http/, "ws")}/ari/events?app=${encodeURIComponent(app)}`;
  const socket = new WebSocket(url, {
    headers: { authorization: authorization(address) },
    handshakeTimeout: OPEN_DEADLINE_MS,
    perMessageDeflate: false,
  });
  const { promise: ended, resolve, reject } = Promise.withResolvers<string>();
  let opened = false;
  let failure: unknown;
  let heartbeat: Heartbeat | undefined;

  socket.on("open", () => {
    opened = true;
    heartbeat = new Heartbeat(socket, pingMs);
    handlers.onOpen();
  });
  socket.on("message", (data) => {
    heartbeat?.heard();
    dispatch(String(data), (event) => handlers.onEvent(event));
  });
  socket.on("pong", () => heartbeat?.heard());
  socket.on("unexpected-response", (_request, { statusCode: status = 0, statusMessage = "" }) => {
    failure = orNotServed(new AriError(kindOfStatus(status, ""), operation, status, statusMessage));
    socket.terminate();
  });
  socket.on("error", (cause) => {
    failure ??= new AriError("unreachable", operation, 0, `no answer from ${address.url}`, {
      cause,
    });
  });
  socket.on("close", (code) => {
    heartbeat?.[Symbol.dispose]();
    if (opened) resolve(heartbeat?.givenUp ?? `closed (${code})`);
    else reject(failure);
  });

  let closing: ReturnType<typeof setTimeout> | undefined;
  const onAbort = () => {
    if (!opened) failure = abortError(operation, signal);
    socket.close();
    closing = setTimeout(() => socket.terminate(), CLOSE_DEADLINE_MS);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await ended;
  } finally {
    clearTimeout(closing);
    signal.removeEventListener("abort", onAbort);
  }
}

/** Pings a socket, and ends it when nothing has come back since the last ping. */
class Heartbeat implements Disposable {
  /** Why the socket was ended, if it was. */
  givenUp: string | undefined;
  readonly #timer: ReturnType<typeof setInterval>;
  #heard = true;

  constructor(socket: WebSocket, pingMs: number) {
    this.#timer = setInterval(() => {
      if (!this.#heard) {
        this.givenUp = `nothing heard for ${2 * pingMs} ms`;
        return socket.terminate();
      }
      this.#heard = false;
      socket.ping();
    }, pingMs);
  }

  heard(): void {
    this.#heard = true;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** Passes one message on. Neither the message nor its handler can stop the reader. */
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
