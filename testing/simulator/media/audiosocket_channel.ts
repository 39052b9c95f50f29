// An external media channel over AudioSocket: Asterisk's chan_audiosocket, which connects to the
// service. Its messages are those of res/res_audiosocket.c, tried on 22.10.1.

import type { Pcm } from "../../../media/frame.ts";
import {
  AudioSocketReader,
  encodeAudio,
  encodeMessage,
} from "../../../asterisk/transports/audiosocket/audiosocket_message.ts";
import { CAUSE, type ChannelOptions, SimulatedChannel } from "../pbx/channel.ts";
import { HalfRate } from "./half_rate.ts";
import type { SimulatedPbx } from "../pbx/pbx.ts";
import { AriFailure } from "../ari/wire.ts";

const TYPE_UUID = 0x01;
const TYPE_DTMF = 0x03;
const READ_BYTES = 16_384;

/** Options of an AudioSocket channel. */
export interface AudioSocketOptions extends ChannelOptions {
  readonly uuid: string;
  readonly format: "slin" | "slin16";
}

/** One chan_audiosocket channel, connected to the service. */
export class AudioSocketChannel extends SimulatedChannel {
  readonly #pbx: SimulatedPbx;
  readonly #conn: Deno.TcpConn;
  readonly #halfRate: HalfRate | undefined;
  readonly #uuid: string;
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(pbx: SimulatedPbx, conn: Deno.TcpConn, options: AudioSocketOptions) {
    super(options);
    this.#pbx = pbx;
    this.#conn = conn;
    this.#uuid = options.uuid;
    this.#halfRate = options.format === "slin" ? new HalfRate() : undefined;
  }

  /**
   * Connects before the channel exists, as Asterisk does.
   *
   * @throws {AriFailure} 500 when nobody listens.
   */
  static async connect(
    pbx: SimulatedPbx,
    { hostname, port }: { readonly hostname: string; readonly port: number },
    options: AudioSocketOptions,
  ): Promise<AudioSocketChannel> {
    try {
      const conn = await Deno.connect({ hostname, port });
      conn.setNoDelay();
      return new AudioSocketChannel(pbx, conn, options);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw new AriFailure(500, `Allocation failed: ${error.message}`);
    }
  }

  /** Identifies itself, and reads until the service ends the connection. */
  async run(): Promise<void> {
    this.#send(encodeMessage(TYPE_UUID, Uint8Array.fromHex(this.#uuid.replaceAll("-", ""))));
    const reader = new AudioSocketReader();
    const buffer = new Uint8Array(READ_BYTES);
    try {
      for (;;) {
        const count = await this.#conn.read(buffer);
        if (count === null) break;
        for (const message of reader.push(buffer.subarray(0, count))) {
          if (message.kind !== "audio") return this.#pbx.hangUp(this, CAUSE.normal);
          this.#pbx.voice(this, this.#halfRate?.up(message.pcm) ?? message.pcm);
        }
      }
    } catch (error) {
      if (!this.gone && !(error instanceof Deno.errors.ConnectionReset)) throw error;
    }
    this.#pbx.hangUp(this, CAUSE.normal);
  }

  override hear(frame: Pcm): void {
    const half = this.#halfRate;
    this.#send(half ? encodeAudio(half.down(frame), 8000) : encodeAudio(frame, 16_000));
  }

  override hearDigit(digit: string): void {
    this.#send(encodeMessage(TYPE_DTMF, new TextEncoder().encode(digit)));
  }

  override answer(): void {}

  override release(): void {
    this.#conn.close();
  }

  #send(bytes: Uint8Array<ArrayBuffer>): void {
    this.#writing = this.#writing.then(() => this.#conn.write(bytes)).catch(() => {
      // The service is gone: the reader notices it as well and hangs up.
    });
  }
}
