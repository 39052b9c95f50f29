// The kernel's own arrival times of packets. A thread that reads its socket late, because it was
// busy or another thread had the CPU, would take its own lateness for the packets'.

/** linux/if_packet.h and others, the same on every 64-bit Linux that Deno runs on. */
const AF_PACKET = 17;
/** Without the link's header: packets begin with the IP header. */
const SOCK_DGRAM = 2;
/** All protocols: such a socket gets a packet before the socket it is addressed to. */
const ETH_P_ALL = 3;
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const SO_RCVBUFFORCE = 33;
const SO_TIMESTAMPNS = 35;
const SOL_PACKET = 263;
/** On the loopback interface every packet appears twice, outgoing and incoming. */
const PACKET_IGNORE_OUTGOING = 23;
const MSG_DONTWAIT = 0x40;
const CLOCK_REALTIME = 0;
const LOOPBACK_INDEX = 1;

/** Holds seconds of twenty calls' packets, which the kernel counts as about 1 KB each. */
const BUFFER_BYTES = 8 << 20;
/** The longest IP header, the UDP header, and the beginning of the RTP header. */
const PACKET_BYTES = 60 + 8 + 4;
const UDP_BYTES = 8;
const SYNC_EVERY_MS = 1000;
/** Readings of two clocks that lie further apart than this say nothing about their difference. */
const SYNC_WITHIN_MS = 0.05;

/** bpf(4): passes UDP over IPv4; `[code, jump if true, jump if false, value]`. */
const UDP_ONLY: readonly (readonly [number, number, number, number])[] = [
  [0x30, 0, 0, 0], // the first byte: version and header length
  [0x54, 0, 0, 0xf0],
  [0x15, 0, 3, 0x40],
  [0x30, 0, 0, 9], // the protocol
  [0x15, 0, 1, 17],
  [0x06, 0, 0, PACKET_BYTES],
  [0x06, 0, 0, 0],
];

/**
 * The memory that recvmsg(2) fills, in one piece: struct msghdr, struct iovec, the control message
 * with the time, and the packet. Offsets are in bytes.
 */
const AT = { message: 0, vector: 56, control: 72, time: 88, packet: 136, end: 136 + PACKET_BYTES };
const CONTROL_BYTES = AT.packet - AT.control;

/**
 * Records the arrivals of RTP packets at chosen UDP ports of the loopback address. Linux, as root.
 */
export class Arrivals implements Disposable {
  readonly #libc = openLibc();
  readonly #socket: number;
  readonly #memory = new ArrayBuffer(AT.end);
  readonly #view = new DataView(this.#memory);
  readonly #bytes = new Uint8Array(this.#memory);
  /** Arrival times by port and RTP sequence number. */
  readonly #times = new Map<number, Map<number, number>>();
  /** How far the clock of `performance` is ahead of the kernel's. */
  #aheadMs = NaN;
  #syncedAt = -Infinity;

  /** @throws {Error} naming what was refused, when this is not Linux or not root. */
  constructor() {
    this.#socket = this.#libc.symbols.socket(AF_PACKET, SOCK_DGRAM, hostToNetwork(ETH_P_ALL));
    if (this.#socket < 0) {
      this.#libc.close();
      throw new Error("a packet socket was refused (it needs root, or the capability NET_RAW)");
    }
    try {
      this.#prepare();
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Starts recording arrivals at a port. */
  listenTo(port: number): void {
    this.#times.set(port, new Map());
  }

  /** Stops recording arrivals at a port. */
  forget(port: number): void {
    this.#times.delete(port);
  }

  /**
   * When a packet that was just read arrived, as of `performance.now()`; undefined when the kernel
   * reported too many packets and this one's time was lost.
   */
  of(port: number, sequence: number): number | undefined {
    this.look();
    const times = this.#times.get(port);
    const at = times?.get(sequence);
    times?.delete(sequence);
    return at;
  }

  /** Reads the kernel's reports. Call it now and then, so that their buffer does not fill up. */
  look(): void {
    this.#synchronize();
    const { recvmsg } = this.#libc.symbols;
    for (;;) {
      this.#view.setBigUint64(AT.message + 40, BigInt(CONTROL_BYTES), true);
      if (recvmsg(this.#socket, this.#bytes, MSG_DONTWAIT) < 0) return;
      const udp = AT.packet + 4 * (this.#view.getUint8(AT.packet) & 15);
      const port = this.#view.getUint16(udp + 2);
      const sequence = this.#view.getUint16(udp + UDP_BYTES + 2);
      this.#times.get(port)?.set(sequence, milliseconds(this.#view, AT.time) + this.#aheadMs);
    }
  }

  [Symbol.dispose](): void {
    this.#libc.symbols.close(this.#socket);
    this.#libc.close();
  }

  #prepare(): void {
    const program = new ArrayBuffer(8 * UDP_ONLY.length);
    for (const [i, [code, ifTrue, ifFalse, value]] of UDP_ONLY.entries()) {
      const instruction = new DataView(program, 8 * i, 8);
      instruction.setUint16(0, code, true);
      instruction.setUint8(2, ifTrue);
      instruction.setUint8(3, ifFalse);
      instruction.setUint32(4, value, true);
    }
    const filter = new BigUint64Array([BigInt(UDP_ONLY.length), addressOf(program)]);
    this.#set(SOL_SOCKET, SO_ATTACH_FILTER, new Uint8Array(filter.buffer));
    this.#set(SOL_SOCKET, SO_RCVBUFFORCE, int(BUFFER_BYTES));
    this.#set(SOL_SOCKET, SO_TIMESTAMPNS, int(1));
    this.#set(SOL_PACKET, PACKET_IGNORE_OUTGOING, int(1));
    // struct sockaddr_ll: family, protocol, interface index; bind ignores the rest.
    const address = new DataView(new ArrayBuffer(20));
    address.setUint16(0, AF_PACKET, true);
    address.setUint16(2, ETH_P_ALL);
    address.setInt32(4, LOOPBACK_INDEX, true);
    const bytes = new Uint8Array(address.buffer);
    if (this.#libc.symbols.bind(this.#socket, bytes, bytes.length) < 0) {
      throw new Error("a packet socket could not be bound to the loopback interface");
    }
    const memory = addressOf(this.#memory);
    const pointers = new BigUint64Array(this.#memory, 0, AT.control / 8);
    pointers.set([memory + BigInt(AT.vector), 1n, memory + BigInt(AT.control)], 2);
    pointers.set([memory + BigInt(AT.packet), BigInt(PACKET_BYTES)], AT.vector / 8);
    this.#synchronize();
  }

  #set(level: number, option: number, value: Uint8Array<ArrayBuffer>): void {
    if (this.#libc.symbols.setsockopt(this.#socket, level, option, value, value.length) < 0) {
      throw new Error(`a packet socket refused option ${option} of level ${level}`);
    }
  }

  /** The kernel's clock is set and slewed with the machine's time; that of `performance` is not. */
  #synchronize(): void {
    const before = performance.now();
    if (before - this.#syncedAt < SYNC_EVERY_MS) return;
    const time = new DataView(new ArrayBuffer(16));
    this.#libc.symbols.clock_gettime(CLOCK_REALTIME, new Uint8Array(time.buffer));
    const after = performance.now();
    if (after - before > SYNC_WITHIN_MS && !Number.isNaN(this.#aheadMs)) return;
    // The later reading, so that no packet seems to arrive before it was sent.
    this.#aheadMs = after - milliseconds(time, 0);
    this.#syncedAt = after;
  }
}

function openLibc() {
  return Deno.dlopen("libc.so.6", {
    socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
    setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
    bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
    recvmsg: { parameters: ["i32", "buffer", "i32"], result: "isize" },
    clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
  });
}

/** A struct timespec in milliseconds, with fractions. */
function milliseconds(view: DataView, place: number): number {
  const seconds = view.getBigInt64(place, true);
  return Number(seconds) * 1000 + Number(view.getBigInt64(place + 8, true)) / 1e6;
}

function int(value: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Int32Array([value]).buffer);
}

function hostToNetwork(value: number): number {
  return ((value & 0xff) << 8) | (value >> 8);
}

/** The address of memory that does not move. */
function addressOf(memory: ArrayBuffer): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(memory));
}
