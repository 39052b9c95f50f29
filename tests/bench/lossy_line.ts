// A line between the PBX and an RTP transport that loses and delays packets.

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { Random } from "../chaos/random.ts";

const LOOPBACK = "127.0.0.1";

/** What the line does to packets from the PBX. */
export interface LineFaults {
  /** The share of packets lost, 0…1. */
  readonly loss: number;
  /** The maximum random delay per packet; packets may overtake one another. */
  readonly jitterMs: number;
  readonly seed: number;
}

/** Poses as each end to the other; both are on the loopback address. */
export class LossyLine implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #faults: LineFaults;
  readonly #chance: Random;
  readonly #late = new Set<ReturnType<typeof setTimeout>>();
  #bot = 0;
  #pbx = 0;

  private constructor(socket: Socket, faults: LineFaults) {
    this.#socket = socket;
    this.#faults = faults;
    this.#chance = new Random(faults.seed);
    socket.on("message", (packet, { port }) => this.#take(packet, port));
  }

  static async open(faults: LineFaults): Promise<LossyLine> {
    const socket = createSocket("udp4");
    socket.bind(0, LOOPBACK);
    await once(socket, "listening");
    return new LossyLine(socket, faults);
  }

  /** Where both ends send to. */
  get port(): number {
    return this.#socket.address().port;
  }

  /** Starts carrying packets; earlier ones are lost. */
  connect(botPort: number, pbxPort: number): void {
    this.#bot = botPort;
    this.#pbx = pbxPort;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#late) clearTimeout(timer);
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
  }

  #take(packet: Uint8Array, from: number): void {
    if (from === this.#bot) return this.#socket.send(packet, this.#pbx, LOOPBACK);
    if (from !== this.#pbx || this.#chance.next() < this.#faults.loss) return;
    if (this.#faults.jitterMs === 0) return this.#socket.send(packet, this.#bot, LOOPBACK);
    const timer = setTimeout(() => {
      this.#late.delete(timer);
      this.#socket.send(packet, this.#bot, LOOPBACK);
    }, this.#chance.between(0, this.#faults.jitterMs));
    this.#late.add(timer);
  }
}
