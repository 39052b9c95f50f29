// A call's audio over RTP: the PBX sends to a UDP port of the call's own and accepts what comes back
// from it. There is no connection, so only ARI reports a hang-up, and packets are accepted only from
// the address that the PBX announced.

import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { logger } from "../../../config/logging.ts";
import type { Pcm } from "../../../media/frame.ts";
import type { LineStats } from "../../../media/line_stats.ts";
import { SYSTEM_TIME, type TimeSource } from "../../../media/playout/frame_clock.ts";
import { Pacer, type PacerOptions } from "../../../media/playout/pacer.ts";
import { Resampler } from "../../../media/codec/resample.ts";
import type {
  MediaAddress,
  MediaHandlers,
  MediaListener,
  MediaOffer,
  MediaPlan,
  MediaTransport,
} from "../../../media/transport.ts";
import { addressOf } from "../address.ts";
import { TransportError } from "../error.ts";
import { LineInput } from "../line_input.ts";
import { RTP_CODECS, RTP_RATE_HZ } from "./rtp_codec.ts";
import { RtpReceiver, RtpSender } from "./rtp_stream.ts";

const log = logger("rtp");

type Plan = Extract<MediaPlan, { kind: "rtp" }>;
type Address = Extract<MediaAddress, { kind: "rtp" }>;
type Options = PacerOptions & { readonly resampler: Resampler };

/**
 * Binds a UDP port of the plan's range.
 *
 * @param bindSocket binds one of the ports.
 * @throws {TransportError} when every port of the range is taken, or `plan.host` is not an address of
 * this machine.
 */
export async function listenRtp(
  plan: Plan,
  timing: PacerOptions = {},
  bindSocket: typeof bindInRange = bindInRange,
): Promise<MediaListener> {
  const socket = await bindSocket(plan.host, plan.ports);
  const resampler = await Resampler.create(16_000, RTP_RATE_HZ);
  return new RtpListener(plan, socket, { ...timing, resampler });
}

class RtpListener implements MediaListener {
  readonly offer: MediaOffer;
  readonly #plan: Plan;
  readonly #socket: Socket;
  readonly #options: Options;
  #taken = false;

  constructor(plan: Plan, socket: Socket, options: Options) {
    const { kind, host, format } = plan;
    this.offer = { kind, host, port: socket.address().port, format };
    this.#plan = plan;
    this.#socket = socket;
    this.#options = options;
  }

  transport(address: MediaAddress): MediaTransport {
    const pbx = addressOf("rtp", address);
    this.#taken = true;
    return new RtpTransport(this.#socket, pbx, this.#plan.format, this.#options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#taken) return;
    this.#options.resampler[Symbol.dispose]();
    await closed(this.#socket);
  }
}

class RtpTransport implements MediaTransport {
  readonly kind = "rtp";
  readonly out: Pacer;
  readonly #socket: Socket;
  readonly #pbx: Address;
  readonly #time: TimeSource;
  readonly #sender: RtpSender;
  readonly #receiver: RtpReceiver;
  #handlers: MediaHandlers | undefined;
  #input: LineInput | undefined;
  #over = false;
  /** The socket is closed, by whomever. */
  #closed = false;
  #fromElsewhere = 0;
  #sendErrors = 0;

  constructor(socket: Socket, pbx: Address, format: keyof typeof RTP_CODECS, options: Options) {
    const codec = RTP_CODECS[format];
    this.#socket = socket;
    this.#pbx = pbx;
    this.#time = options.time ?? SYSTEM_TIME;
    this.#sender = new RtpSender(codec);
    this.#receiver = new RtpReceiver(codec, (pcm) => this.#input?.push(pcm));
    this.out = new Pacer({
      onFrame: (frame, skipped) => this.#transmit(frame, skipped),
      onMark: (markId) => this.#handlers?.onMark(markId),
    }, options);
  }

  get stats(): LineStats {
    return {
      ...this.out.stats,
      ...this.#receiver.stats,
      packetsFromElsewhere: this.#fromElsewhere,
      sendErrors: this.#sendErrors,
    };
  }

  async open(handlers: MediaHandlers, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#handlers = handlers;
    this.#input = await LineInput.open(RTP_RATE_HZ, (frame) => handlers.onFrame(frame));
    this.#socket.on("message", (datagram, from) => this.#take(datagram, from));
    this.#socket.on("error", (error) => this.#lose(error));
    this.#socket.on("close", () => {
      this.#closed = true;
      this.#lose(new Error("it was closed"));
    });
    this.out.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.out[Symbol.dispose]();
    if (!this.#closed) await closed(this.#socket);
    this.#input?.[Symbol.dispose]();
  }

  #take(datagram: Uint8Array, from: RemoteInfo): void {
    if (this.#over) return;
    if (from.address === this.#pbx.host && from.port === this.#pbx.port) {
      return this.#receiver.take(datagram, this.#time.now());
    }
    if (this.#fromElsewhere++ > 0) return;
    log.warn("packets dropped: they do not come from the PBX's media address", {
      from: `${from.address}:${from.port}`,
      pbx: `${this.#pbx.host}:${this.#pbx.port}`,
    });
  }

  #transmit(frame: Pcm | undefined, skipped: number): void {
    this.#receiver.tick(this.#time.now());
    this.#socket.send(
      this.#sender.packet(frame, skipped),
      this.#pbx.port,
      this.#pbx.host,
      (error) => {
        if (error && !this.#over) this.#sendErrors++;
      },
    );
  }

  #lose(error: Error): void {
    if (this.#over) return;
    this.out[Symbol.dispose]();
    this.#handlers?.onClose("lost", `the RTP socket failed: ${error.message}`);
    this.#handlers = undefined;
  }
}

/** Binds a port of the range, starting at random so that calls begun together do not collide. */
export async function bindInRange(
  host: string,
  [first, last]: readonly [number, number],
): Promise<Socket> {
  const count = last - first + 1;
  const start = Math.floor(Math.random() * count);
  for (let i = 0; i < count; i++) {
    const socket = await bind(host, first + (start + i) % count);
    if (socket) return socket;
  }
  throw new TransportError(
    `no free UDP port on ${host} in ${first}-${last}: widen RTP_PORT_MIN and RTP_PORT_MAX`,
  );
}

/** A socket bound to the port, or undefined when the port is taken. */
function bind(host: string, port: number): Promise<Socket | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket | undefined>();
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  socket.once("error", (error: Error & { code?: string }) => {
    if (error.code === "EADDRINUSE") resolve(undefined);
    else reject(new TransportError(`cannot receive RTP on ${host}:${port}`, { cause: error }));
    socket.close();
  });
  socket.bind(port, host, () => {
    socket.removeAllListeners("error");
    // Until the transport listens itself: an error that nobody hears would end the isolate.
    socket.once("error", (error) => log.warn("the RTP socket failed before its use", { error }));
    resolve(socket);
  });
  return promise;
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}
