// The worker of the test phones: each phone sends a packet every 20 ms and records the arrival of
// each packet. The worker does nothing else, so that a busy test disturbs neither.

/// <reference lib="deno.worker" />

import { createSocket, type Socket } from "node:dgram";
import { FRAME_MS } from "../../../media/frame.ts";
import { G711_RATE_HZ, G711_SILENCE, type G711Law } from "../../../media/codec/g711.ts";
import { RTP_CODECS } from "../../../asterisk/transports/rtp/rtp_codec.ts";
import { decodeRtp, encodeRtp } from "../../../asterisk/transports/rtp/rtp_packet.ts";
import { messageOf } from "../../../runtime/error_text.ts";
import { Arrivals } from "./arrivals.ts";
import type { PhoneCommand, PhoneReport } from "./phone_messages.ts";
import { keyPayload, PAYLOAD_EVENT } from "./telephone_event.ts";

const LOOPBACK = "127.0.0.1";
const FRAME = G711_RATE_HZ * FRAME_MS / 1000;
const QUIET_MS = 3 * FRAME_MS;
/** How long a key is held, and the pause after it. */
const KEY_FRAMES = 6;
const KEY_PAUSE_FRAMES = 4;
/** RFC 4733: the packet that ends a key is sent three times, because it must not be lost. */
const KEY_ENDS = 3;

/** The content of one packet; without audio and key it is silence. */
interface Slot {
  readonly audio?: Uint8Array;
  readonly key?: { readonly digit: string; readonly frame: number };
  readonly job: Job;
  readonly last: boolean;
}

interface Job {
  readonly id: number;
  startedAt?: number;
}

/** One phone: its socket, and what it is about to send. */
class RtpPhone {
  readonly #socket: Socket = createSocket("udp4");
  readonly #ssrc = crypto.getRandomValues(new Uint32Array(1))[0]!;
  readonly #slots: Slot[] = [];
  readonly #payloadType: number;
  readonly #silence: Uint8Array;
  #sequence = 0;
  #timestamp = 0;
  #marker = true;
  #keyTimestamp = 0;
  #muted = false;
  #lastHeardAt: number | undefined;
  #port = 0;
  #pbxPort = 0;
  #startedAt = 0;
  #ticks = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly id: number, codec: G711Law) {
    this.#payloadType = RTP_CODECS[codec].payloadType;
    this.#silence = new Uint8Array(FRAME).fill(G711_SILENCE[codec]);
    this.#socket.on("message", (packet) => this.#receive(packet));
    this.#socket.bind(0, LOOPBACK, () => {
      this.#port = this.#socket.address().port;
      arrivals?.listenTo(this.#port);
      report({ kind: "opened", phone: id, port: this.#port });
    });
  }

  connect(port: number): void {
    this.#pbxPort = port;
    this.#startedAt = performance.now();
    this.#tick();
  }

  say(id: number, audio: Uint8Array): void {
    const job: Job = { id };
    const frames = Math.max(1, Math.ceil(audio.length / FRAME));
    for (let i = 0; i < frames; i++) {
      const frame = this.#silence.slice();
      frame.set(audio.subarray(i * FRAME, (i + 1) * FRAME));
      this.#slots.push({ audio: frame, job, last: i === frames - 1 });
    }
  }

  press(id: number, digit: string): void {
    const job: Job = { id };
    for (let frame = 1; frame <= KEY_FRAMES; frame++) {
      this.#slots.push({ key: { digit, frame }, job, last: false });
    }
    for (let i = 1; i <= KEY_PAUSE_FRAMES; i++) {
      this.#slots.push({ job, last: i === KEY_PAUSE_FRAMES });
    }
  }

  mute(muted: boolean): void {
    this.#muted = muted;
  }

  close(): void {
    clearTimeout(this.#timer);
    arrivals?.forget(this.#port);
    this.#socket.close(() => report({ kind: "closed", phone: this.id }));
  }

  #receive(packet: Uint8Array): void {
    const readAt = performance.now();
    const { payloadType, payload, sequence } = decodeRtp(packet) ?? {};
    if (payloadType !== this.#payloadType || !payload?.length) return;
    const at = performance.timeOrigin + (arrivals?.of(this.#port, sequence!) ?? readAt);
    this.#lastHeardAt = at;
    report({ kind: "heard", phone: this.id, at, audio: payload.slice() });
  }

  /** Due times count from the start, so that a late tick does not delay the next one. */
  #tick(): void {
    arrivals?.look();
    this.#sendSlot(this.#slots.shift());
    if (this.#lastHeardAt !== undefined && now() - this.#lastHeardAt > QUIET_MS) {
      this.#lastHeardAt = undefined;
      report({ kind: "quiet", phone: this.id });
    }
    this.#ticks++;
    const next = this.#startedAt + this.#ticks * FRAME_MS;
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, next - performance.now()));
  }

  #sendSlot(slot: Slot | undefined): void {
    const at = now();
    if (slot?.key) this.#sendKey(slot.key.digit, slot.key.frame);
    else if (this.#muted) this.#marker = true;
    else {
      const audio = slot?.audio ?? this.#silence;
      this.#send(this.#payloadType, this.#timestamp, this.#takeMarker(), audio);
    }
    this.#timestamp += FRAME;
    if (!slot) return;
    slot.job.startedAt ??= at;
    if (!slot.last) return;
    const { id, startedAt } = slot.job;
    report({ kind: "done", phone: this.id, id, startedAt, endedAt: now() });
  }

  #sendKey(digit: string, frame: number): void {
    if (frame === 1) this.#keyTimestamp = this.#timestamp;
    const end = frame === KEY_FRAMES;
    const payload = keyPayload(digit, frame * FRAME, end);
    for (let i = 0; i < (end ? KEY_ENDS : 1); i++) {
      this.#send(PAYLOAD_EVENT, this.#keyTimestamp, frame === 1, payload);
    }
    this.#marker = true;
  }

  #takeMarker(): boolean {
    const marker = this.#marker;
    this.#marker = false;
    return marker;
  }

  #send(payloadType: number, timestamp: number, marker: boolean, payload: Uint8Array): void {
    const packet = encodeRtp({
      payloadType,
      sequence: this.#sequence,
      timestamp,
      ssrc: this.#ssrc,
      marker,
      payload,
    });
    this.#sequence++;
    this.#socket.send(packet, this.#pbxPort, LOOPBACK);
  }
}

const arrivals = openArrivals();
const phones = new Map<number, RtpPhone>();
report({ kind: "ready", thread: threadId() });

self.onmessage = ({ data: command }: MessageEvent<PhoneCommand>) => {
  if (command.kind === "open") {
    phones.set(command.phone, new RtpPhone(command.phone, command.codec));
    return;
  }
  const phone = phones.get(command.phone);
  if (!phone) return;
  switch (command.kind) {
    case "connect":
      return phone.connect(command.port);
    case "say":
      return phone.say(command.id, command.audio);
    case "press":
      return phone.press(command.id, command.digit);
    case "mute":
      return phone.mute(command.muted);
    case "close":
      phones.delete(command.phone);
      return phone.close();
  }
};

/**
 * Undefined where arrivals cannot be recorded: reading times are taken instead. Says so on standard
 * error.
 */
function openArrivals(): Arrivals | undefined {
  try {
    return new Arrivals();
  } catch (error) {
    const line = `phones take the time at which they read a packet, so times are less exact: ${
      messageOf(error)
    }\n`;
    Deno.stderr.writeSync(new TextEncoder().encode(line));
    return undefined;
  }
}

/** The kernel's id of this thread: the link reads "<process>/task/<thread>". */
function threadId(): number {
  return Number(Deno.readLinkSync("/proc/thread-self").split("/").at(-1));
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

function report(message: PhoneReport): void {
  self.postMessage(message);
}
