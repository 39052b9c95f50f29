// One UDP socket for the audio of all callers: a system call sends or reads packets of many calls, and
// the kernel says when each arrived. So a packet costs 1.6 µs there and back, and times are right
// however busy the machine is. The PBX has a port of its own for each call, by which their
// packets are told apart. Linux only.

const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SO_SNDBUFFORCE = 32;
const SO_TIMESTAMPNS = 35;
const MSG_DONTWAIT = 0x40;
const CLOCK_REALTIME = 0;

const BUFFER_BYTES = 16 << 20;
const SYNC_EVERY_MS = 1000;
/** Readings of two clocks that lie further apart than this say nothing about their difference. */
const SYNC_WITHIN_MS = 0.05;

/** Packets a system call. */
const BATCH = 128;
const PACKET_BYTES = 256;
/** struct mmsghdr, sockaddr_in, iovec, and the control message that holds a struct timespec. */
const MESSAGE_BYTES = 64;
const ADDRESS_BYTES = 16;
const VECTOR_BYTES = 16;
const CONTROL_BYTES = 32;
/** Where these lie in a batch's memory, in bytes. */
const ADDRESSES = BATCH * MESSAGE_BYTES;
const VECTORS = ADDRESSES + BATCH * ADDRESS_BYTES;
const CONTROLS = VECTORS + BATCH * VECTOR_BYTES;
const PACKETS = CONTROLS + BATCH * CONTROL_BYTES;
const MEMORY_BYTES = PACKETS + BATCH * PACKET_BYTES;

/** Takes a packet: who sent it, when it arrived (`performance.now()`), and its bytes, valid until it returns. */
export type OnPacket = (port: number, at: number, packet: Uint8Array) => void;

/** A socket of the loopback address. */
export class RtpSocket implements Disposable {
  readonly #libc = openLibc();
  readonly #socket: number;
  readonly #in = new Batch();
  readonly #out = new Batch();
  readonly #time = new DataView(new ArrayBuffer(16));
  readonly #timeBytes = new Uint8Array(this.#time.buffer);
  #queued = 0;
  /** How far the clock of `performance` is ahead of the kernel's. */
  #aheadMs = NaN;
  #syncedAt = -Infinity;

  /** @throws {Error} when the port is taken. */
  constructor(port: number) {
    this.#socket = this.#libc.symbols.socket(AF_INET, SOCK_DGRAM, 0);
    const address = new Uint8Array(ADDRESS_BYTES);
    writeAddress(new DataView(address.buffer), 0, port);
    if (this.#libc.symbols.bind(this.#socket, address, ADDRESS_BYTES) < 0) {
      this[Symbol.dispose]();
      throw new Error(`the callers' UDP port ${port} is taken`);
    }
    // A refused option costs room in the buffer only, as for those who are not root.
    this.#set(SO_RCVBUFFORCE, BUFFER_BYTES);
    this.#set(SO_SNDBUFFORCE, BUFFER_BYTES);
    this.#set(SO_TIMESTAMPNS, 1);
  }

  /** A packet to be filled now; it leaves with the next `flush`, or when the batch is full. */
  packetTo(port: number, bytes: number): Uint8Array {
    if (this.#queued === BATCH) this.flush();
    return this.#out.prepare(this.#queued++, port, bytes);
  }

  /** Sends what is queued. @returns how many packets the kernel did not take. */
  flush(): number {
    const { sendmmsg } = this.#libc.symbols;
    let sent = 0;
    let lost = 0;
    while (sent + lost < this.#queued) {
      const from = sent + lost;
      const messages = this.#out.messages(from);
      const done = sendmmsg(this.#socket, messages, this.#queued - from, MSG_DONTWAIT);
      // An error belongs to the first one, such as the PBX's port having just been closed.
      if (done <= 0) lost++;
      else sent += done;
    }
    this.#queued = 0;
    return lost;
  }

  /** Reads all packets that have arrived. */
  receive(onPacket: OnPacket): void {
    this.#synchronize();
    const { recvmmsg } = this.#libc.symbols;
    for (;;) {
      this.#in.rearm();
      const got = recvmmsg(this.#socket, this.#in.messages(0), BATCH, MSG_DONTWAIT, null);
      for (let i = 0; i < got; i++) {
        onPacket(this.#in.port(i), this.#in.arrivedAt(i) + this.#aheadMs, this.#in.packet(i));
      }
      if (got < BATCH) return;
    }
  }

  [Symbol.dispose](): void {
    this.#libc.symbols.close(this.#socket);
    this.#libc.close();
  }

  #set(option: number, value: number): void {
    const bytes = new Uint8Array(new Int32Array([value]).buffer);
    this.#libc.symbols.setsockopt(this.#socket, SOL_SOCKET, option, bytes, bytes.length);
  }

  /** The kernel's clock is set and slewed with the machine's time; that of `performance` is not. */
  #synchronize(): void {
    const before = performance.now();
    if (before - this.#syncedAt < SYNC_EVERY_MS) return;
    this.#libc.symbols.clock_gettime(CLOCK_REALTIME, this.#timeBytes);
    const after = performance.now();
    if (after - before > SYNC_WITHIN_MS && !Number.isNaN(this.#aheadMs)) return;
    // The later reading, so that no packet seems to arrive before it was sent.
    this.#aheadMs = after - milliseconds(this.#time, 0);
    this.#syncedAt = after;
  }
}

/** The memory of `BATCH` messages as sendmmsg(2) and recvmmsg(2) want it. */
class Batch {
  readonly #memory = new ArrayBuffer(MEMORY_BYTES);
  readonly #view = new DataView(this.#memory);
  readonly #messages: readonly Uint8Array<ArrayBuffer>[];
  readonly #packets: readonly Uint8Array[];

  constructor() {
    const base = Deno.UnsafePointer.value(Deno.UnsafePointer.of(this.#memory));
    const pointer = (at: number, to: number) =>
      this.#view.setBigUint64(at, base + BigInt(to), true);
    for (let i = 0; i < BATCH; i++) {
      const [message, vector] = [i * MESSAGE_BYTES, VECTORS + i * VECTOR_BYTES];
      pointer(message, ADDRESSES + i * ADDRESS_BYTES);
      this.#view.setUint32(message + 8, ADDRESS_BYTES, true);
      pointer(message + 16, vector);
      this.#view.setBigUint64(message + 24, 1n, true);
      pointer(message + 32, CONTROLS + i * CONTROL_BYTES);
      pointer(vector, PACKETS + i * PACKET_BYTES);
    }
    const parts = (from: number, bytes: number, length = bytes) =>
      Array.from(
        { length: BATCH },
        (_, i) => new Uint8Array(this.#memory, from + i * bytes, length),
      );
    this.#messages = parts(0, MESSAGE_BYTES);
    this.#packets = parts(PACKETS, PACKET_BYTES);
  }

  messages(from: number): Uint8Array<ArrayBuffer> {
    return this.#messages[from]!;
  }

  /** Addresses a message of so many bytes. */
  prepare(index: number, port: number, bytes: number): Uint8Array {
    writeAddress(this.#view, ADDRESSES + index * ADDRESS_BYTES, port);
    this.#view.setBigUint64(index * MESSAGE_BYTES + 40, 0n, true);
    this.#view.setUint32(VECTORS + index * VECTOR_BYTES + 8, bytes, true);
    return this.#packets[index]!.subarray(0, bytes);
  }

  /** Makes all messages ready to be read into. */
  rearm(): void {
    for (let i = 0; i < BATCH; i++) {
      this.#view.setUint32(i * MESSAGE_BYTES + 40, CONTROL_BYTES, true);
      this.#view.setUint32(VECTORS + i * VECTOR_BYTES + 8, PACKET_BYTES, true);
    }
  }

  port(index: number): number {
    return this.#view.getUint16(ADDRESSES + index * ADDRESS_BYTES + 2);
  }

  /** By the kernel's clock, in milliseconds. */
  arrivedAt(index: number): number {
    return milliseconds(this.#view, CONTROLS + index * CONTROL_BYTES + 16);
  }

  packet(index: number): Uint8Array {
    const bytes = this.#view.getUint32(index * MESSAGE_BYTES + 56, true);
    return this.#packets[index]!.subarray(0, bytes);
  }
}

/** struct sockaddr_in for a port of 127.0.0.1. */
function writeAddress(view: DataView, at: number, port: number): void {
  view.setUint16(at, AF_INET, true);
  view.setUint16(at + 2, port);
  view.setUint32(at + 4, 0x7f000001);
}

/** A struct timespec in milliseconds, with fractions. */
function milliseconds(view: DataView, place: number): number {
  return Number(view.getBigInt64(place, true)) * 1000 +
    Number(view.getBigInt64(place + 8, true)) / 1e6;
}

function openLibc() {
  return Deno.dlopen("libc.so.6", {
    socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
    bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
    setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
    sendmmsg: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
    recvmmsg: { parameters: ["i32", "buffer", "u32", "i32", "pointer"], result: "i32" },
    clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
  });
}
