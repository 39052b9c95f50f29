// The caller's audio over AudioSocket: the PBX connects to a TCP port of the call's own, names the
// call by UUID, and both sides send frames of signed linear audio, ours at our own pace.

import { logger } from "../../../config/logging.ts";
import { Resampler } from "../../../media/codec/resample.ts";
import type { Pcm } from "../../../media/frame.ts";
import type { LineStats } from "../../../media/line_stats.ts";
import { Pacer, type PacerOptions } from "../../../media/playout/pacer.ts";
import type {
  MediaAddress,
  MediaHandlers,
  MediaListener,
  MediaOffer,
  MediaPlan,
  MediaTransport,
} from "../../../media/transport.ts";
import { writeAll } from "../../../runtime/bytes.ts";
import { messageOf } from "../../../runtime/error_text.ts";
import { addressOf } from "../address.ts";
import { LineInput } from "../line_input.ts";
import { AudioSocketListener, closeConnection, READ_BYTES } from "./audiosocket_listener.ts";
import {
  type AudioSocketMessage,
  type AudioSocketReader,
  encodeAudio,
  HANGUP_MESSAGE,
} from "./audiosocket_message.ts";

const log = logger("audiosocket");

type Plan = Extract<MediaPlan, { kind: "audiosocket" }>;

type Options = PacerOptions & { readonly resampler: Resampler };

/**
 * Listens on a port of the call's own for the one connection that names the call's UUID.
 *
 * @throws when `plan.host` is not an address of this machine.
 */
export async function listenAudioSocket(
  plan: Plan,
  timing: PacerOptions = {},
): Promise<MediaListener> {
  const lineHz = plan.format === "slin16" ? 16_000 : 8000;
  const resampler = await Resampler.create(16_000, lineHz);
  const listener = AudioSocketListener.listen(plan.host, timing.time);
  return new AudioSocketMediaListener(plan, listener, { ...timing, resampler });
}

class AudioSocketMediaListener implements MediaListener {
  readonly offer: MediaOffer;
  readonly #listener: AudioSocketListener;
  readonly #options: Options;
  #taken = false;

  constructor(plan: Plan, listener: AudioSocketListener, options: Options) {
    this.offer = { ...plan, port: listener.port, uuid: listener.uuid };
    this.#listener = listener;
    this.#options = options;
  }

  transport(address: MediaAddress): MediaTransport {
    addressOf("audiosocket", address);
    this.#taken = true;
    return new AudioSocketTransport(this.#listener, this.#options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#taken) return;
    this.#options.resampler[Symbol.dispose]();
    await this.#listener[Symbol.asyncDispose]();
  }
}

class AudioSocketTransport implements MediaTransport {
  readonly kind = "audiosocket";
  readonly out: Pacer;
  readonly #listener: AudioSocketListener;
  readonly #silence: Uint8Array<ArrayBuffer>;
  readonly #lineHz: 8000 | 16_000;
  #handlers: MediaHandlers | undefined;
  #input: LineInput | undefined;
  #conn: Deno.TcpConn | undefined;
  #reading: Promise<void> = Promise.resolve();
  #writing = false;
  #over = false;
  #badMessages = 0;

  constructor(listener: AudioSocketListener, options: Options) {
    this.#listener = listener;
    this.#lineHz = options.resampler.toHz === 16_000 ? 16_000 : 8000;
    this.#silence = encodeAudio(new Int16Array(this.#lineHz / 50), this.#lineHz);
    this.out = new Pacer({
      onFrame: (frame) => this.#transmit(frame),
      onMark: (markId) => this.#handlers?.onMark(markId),
      ready: () => !this.#writing,
    }, options);
  }

  get stats(): LineStats {
    return {
      ...this.out.stats,
      badMessages: this.#badMessages,
      connectionsRefused: this.#listener.refused,
    };
  }

  async open(handlers: MediaHandlers, signal: AbortSignal): Promise<void> {
    this.#handlers = handlers;
    this.#input = await LineInput.open(this.#lineHz, (frame) => handlers.onFrame(frame));
    const { conn, reader, early } = await this.#listener.connection(signal);
    conn.setNoDelay();
    this.#conn = conn;
    this.out.start();
    for (const message of early) this.#take(message);
    this.#reading = this.#read(conn, reader);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#hangUp();
    this.#end();
    await this.#listener[Symbol.asyncDispose]();
    await this.#reading;
    this.#input?.[Symbol.dispose]();
  }

  /** Before 20.13 Asterisk spins on a connection that ends without a hang-up message. */
  async #hangUp(): Promise<void> {
    if (!this.#conn || this.#over || this.#writing) return;
    this.#over = true;
    this.out[Symbol.dispose]();
    try {
      await this.#conn.write(HANGUP_MESSAGE);
    } catch (error) {
      log.debug("the PBX had closed the connection before the hang-up", { error });
    }
  }

  #end(): void {
    this.#over = true;
    this.out[Symbol.dispose]();
    if (this.#conn) closeConnection(this.#conn);
  }

  #close(reason: "hangup" | "lost", detail: string): void {
    if (this.#over) return;
    this.#end();
    this.#handlers?.onClose(reason, detail);
  }

  async #read(conn: Deno.TcpConn, reader: AudioSocketReader): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    try {
      while (!this.#over) {
        const count = await conn.read(buffer);
        if (count === null) {
          return reader.inMessage
            ? this.#close("lost", "the connection ended within a message")
            : this.#close("hangup", "the PBX closed the connection");
        }
        for (const message of reader.push(buffer.subarray(0, count))) this.#take(message);
      }
    } catch (error) {
      this.#fail("reading", error);
    }
  }

  #take(message: AudioSocketMessage): void {
    if (this.#over) return;
    switch (message.kind) {
      case "audio":
        return message.sampleRateHz === this.#lineHz
          ? this.#input?.push(message.pcm)
          : this.#bad(`audio of ${message.sampleRateHz} Hz where ${this.#lineHz} Hz was asked for`);
      case "dtmf":
        return; // ARI reports keys, whatever the transport.
      case "hangup":
        return this.#close("hangup", "the PBX hung up");
      case "error":
        return this.#close("lost", `the PBX reports AudioSocket error ${message.code}`);
      case "uuid":
        return this.#bad("a second UUID");
      case "bad":
        return this.#bad(message.detail);
    }
  }

  #bad(detail: string): void {
    if (this.#badMessages++ === 0) log.warn("message dropped: {detail}", { detail });
  }

  #transmit(frame: Pcm | undefined): void {
    const bytes = frame ? encodeAudio(frame, this.#lineHz) : this.#silence;
    const conn = this.#conn!;
    this.#writing = true;
    writeAll(conn, bytes).then(
      () => void (this.#writing = false),
      (error) => this.#fail("writing", error),
    );
  }

  /** A PBX that hangs up while our audio is on its way resets the connection. */
  #fail(what: string, error: unknown): void {
    const { BrokenPipe, ConnectionReset } = Deno.errors;
    const reset = error instanceof ConnectionReset || error instanceof BrokenPipe;
    this.#close(reset ? "hangup" : "lost", `${what} failed: ${messageOf(error)}`);
  }
}
