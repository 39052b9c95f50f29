// The callers' process: all callers of a benchmark on one thread, with one socket for their audio and one
// for their signalling. Takes requests as JSON lines on standard input, reports on standard output, and
// ends with its input. Its cost is printed apart from the service's.

import { createSocket } from "node:dgram";
import { createInterface } from "node:readline";
import process from "node:process";
import { FRAME_MS } from "../../../../media/frame.ts";
import { pause } from "../../../../runtime/waiting.ts";
import { freeUdpPort } from "../../../asterisk/ports.ts";
import { setRealTime } from "../../../asterisk/real_time.ts";
import { Random } from "../../../chaos/random.ts";
import { Caller, type Script } from "./caller.ts";
import type { Ear } from "./ear.ts";
import type {
  CallersOptions,
  CallersReport,
  CallResult,
  Frames,
  LevelRequest,
} from "./messages.ts";
import { type Question, questionsIn } from "./questions.ts";
import { RtpSocket } from "./rtp_socket.ts";
import { SipLine } from "./sip_line.ts";

/** The callers tick in so many groups one after another: real calls do not send at the same moment. */
const GROUPS = 4;
/** Time for the last call to be greeted. */
const GREETING_MS = 5000;
const POLL_MS = 50;
/** How long a call may take to end. */
const ENDING_MS = 60_000;
const SEED = 13;

/** All callers, of one level after another. */
class Callers {
  readonly #options: CallersOptions;
  readonly #questions: readonly Question[];
  readonly #line: SipLine;
  readonly #socket: RtpSocket;
  readonly #rtpPort: number;
  readonly #random = new Random(SEED);
  readonly #greeting: Script["greeting"] = {};
  readonly #byPort = new Map<number, Caller>();
  #callers: Caller[] = [];
  #steadyFrom = Infinity;
  #endAt = Infinity;
  #placed = 0;
  #ticks = 0;
  #startedAt = performance.now();
  #unsent = 0;
  #lateMs = 0;

  constructor(
    options: CallersOptions,
    questions: readonly Question[],
    line: SipLine,
    socket: RtpSocket,
    rtpPort: number,
  ) {
    this.#options = options;
    this.#questions = questions;
    this.#line = line;
    this.#socket = socket;
    this.#rtpPort = rtpPort;
    this.#tick();
  }

  /** Places the calls, lets them talk, and returns when the last one is over. */
  async level(request: LevelRequest): Promise<void> {
    const zero = performance.now();
    this.#callers = [];
    this.#byPort.clear();
    this.#steadyFrom = this.#endAt = request.holdMs === undefined ? zero : Infinity;
    this.#unsent = this.#lateMs = 0;
    for (let i = 0; i < request.calls; i++) {
      await pause(Math.max(0, zero + i * request.everyMs - performance.now()));
      this.#place(request);
    }
    if (request.holdMs !== undefined) {
      await pause(GREETING_MS);
      this.#steadyFrom = performance.now();
      report({ kind: "steady" });
      await pause(request.holdMs);
      this.#endAt = performance.now();
      report({ kind: "ending" });
    }
    const deadline = performance.now() + ENDING_MS;
    while (!this.#callers.every(({ over }) => over)) {
      await pause(POLL_MS);
      if (performance.now() > deadline) { for (const caller of this.#callers) caller.leave(); }
    }
    report({ kind: "done", calls: this.#results(zero), frames: this.#frames() });
  }

  #place({ turns, patienceMs }: LevelRequest): void {
    const { codec } = this.#options;
    const script = (): Script => ({
      codec,
      questions: this.#questions,
      turns,
      patienceMs,
      steadyFrom: this.#steadyFrom,
      endAt: this.#endAt,
      greeting: this.#greeting,
    });
    const number = `+7000${String(this.#placed++).padStart(7, "0")}`;
    const caller: Caller = new Caller(
      this.#placed,
      script,
      this.#random,
      (events) =>
        this.#line.call(number, codec, this.#rtpPort, {
          ...events,
          onAnswered: (port) => {
            this.#byPort.set(port, caller);
            events.onAnswered(port);
          },
        }),
    );
    this.#callers.push(caller);
  }

  /** Due times count from the start, so that a late tick does not delay the next one. */
  #tick(): void {
    const period = FRAME_MS / GROUPS;
    for (;;) {
      const due = this.#startedAt + this.#ticks * period;
      const now = performance.now();
      if (due > now) {
        setTimeout(() => this.#tick(), due - now);
        return;
      }
      this.#lateMs = Math.max(this.#lateMs, now - due);
      this.#socket.receive((port, at, packet) => this.#hear(port, at, packet));
      const group = this.#ticks % GROUPS;
      for (let i = group; i < this.#callers.length; i += GROUPS) {
        this.#callers[i]!.tick(now, (port, bytes) => this.#socket.packetTo(port, bytes));
      }
      this.#unsent += this.#socket.flush();
      this.#ticks++;
    }
  }

  #hear(port: number, at: number, packet: Uint8Array): void {
    // RFC 3550 section 5.1, without extras, as Asterisk sends it; the second byte also has the marker.
    if (packet.length <= 12) return;
    const sequence = packet[2]! << 8 | packet[3]!;
    const timestamp = (packet[4]! << 24 | packet[5]! << 16 | packet[6]! << 8 | packet[7]!) >>> 0;
    this.#byPort.get(port)?.ear.hear(at, sequence, timestamp, packet.subarray(12));
  }

  #results(zero: number): CallResult[] {
    return this.#callers.map((caller) => caller.result(zero));
  }

  #frames(): Frames {
    const gaps = new Map<number, number>();
    for (const { ear } of this.#callers) {
      for (const gap of ear.gaps) {
        const ms = Math.round(gap);
        gaps.set(ms, (gaps.get(ms) ?? 0) + 1);
      }
    }
    const sum = (of: (ear: Ear) => number) =>
      this.#callers.reduce((all, { ear }) => all + of(ear), 0);
    return {
      gaps: [...gaps].toSorted(([a], [b]) => a - b),
      nothingToSend: sum(({ crackles }) => crackles.nothingToSend),
      late: sum(({ crackles }) => crackles.late),
      lost: sum(({ lost }) => lost),
      unsent: this.#unsent,
      lateMs: this.#lateMs,
    };
  }
}

const options = JSON.parse(Deno.args[0]!) as CallersOptions;
const questions = await questionsIn(options.language, options.codec);
const rtpPort = await freeRtpPort();
using socket = new RtpSocket(rtpPort);
await using line = await SipLine.open(options.account);
const callers = new Callers(options, questions, line, socket, rtpPort);
// Real telephones do not wait for the bot's processor.
await setRealTime(Deno.pid);
report({ kind: "ready", pid: Deno.pid });

for await (const request of createInterface({ input: process.stdin })) {
  await callers.level(JSON.parse(request) as LevelRequest);
}
Deno.exit(0);

/** An even port whose neighbour, where RTCP arrives, is ours as well: an unreachable one would be reported. */
async function freeRtpPort(): Promise<number> {
  for (;;) {
    const port = await freeUdpPort();
    if (port % 2 === 1) continue;
    const rtcp = createSocket("udp4");
    const bound = Promise.withResolvers<boolean>();
    rtcp.once("error", () => bound.resolve(false));
    rtcp.bind(port + 1, "127.0.0.1", () => bound.resolve(true));
    if (await bound.promise) return port;
  }
}

function report(message: CallersReport): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(message)}\n`));
}
