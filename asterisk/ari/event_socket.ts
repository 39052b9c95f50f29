// One events socket, from its handshake to its end.

import { WebSocket } from "ws";
import { abortError, AriError, kindOfStatus, orNotServed } from "./error.ts";
import { EventIntake, type IntakeHandlers } from "./event_intake.ts";
import { type AriAddress, authorization } from "./http.ts";

/**
 * Longest message that the socket survives, in bytes; a longer one closes it. Far over
 * `LONGEST_EVENT`, so that an event too long is one event lost, not a connection.
 */
const LONGEST_MESSAGE_BYTES = 4 * 1024 * 1024;
/** Longest wait for the PBX's half of the opening and of the closing handshake, in ms. */
const OPEN_DEADLINE_MS = 5000;
const CLOSE_DEADLINE_MS = 1000;

/** What happens on the socket. */
export interface EventHandlers extends IntakeHandlers {
  /** The application is registered; called before the first event. */
  onOpen(): void;
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
    maxPayload: LONGEST_MESSAGE_BYTES,
  });
  const intake = new EventIntake(handlers);
  const { promise: ended, resolve, reject } = Promise.withResolvers<string>();
  let opened = false;
  let failure: unknown;
  let heartbeat: Heartbeat | undefined;

  socket.on("open", () => {
    opened = true;
    heartbeat = new Heartbeat(socket, pingMs);
    handlers.onOpen();
  });
  socket.on("message", (data, isBinary) => {
    heartbeat?.heard();
    intake.take(isBinary ? undefined : String(data));
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
