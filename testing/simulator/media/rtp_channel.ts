// An external media channel over RTP: Asterisk's chan_rtp (UnicastRTP).

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { Pcm } from "../../../media/frame.ts";
import { RTP_CODECS } from "../../../asterisk/transports/rtp/rtp_codec.ts";
import { RtpReceiver, RtpSender } from "../../../asterisk/transports/rtp/rtp_stream.ts";
import { type ChannelOptions, SimulatedChannel } from "../pbx/channel.ts";
import { HalfRate } from "./half_rate.ts";
import type { SimulatedPbx } from "../pbx/pbx.ts";

/** Options of a UnicastRTP channel. */
export interface RtpOptions extends ChannelOptions {
  readonly format: keyof typeof RTP_CODECS;
}

/** One chan_rtp channel. It takes packets only from the service's address, like strictrtp. */
export class RtpChannel extends SimulatedChannel {
  readonly #socket: Socket;
  readonly #service: { readonly hostname: string; readonly port: number };
  readonly #sender: RtpSender;
  readonly #halfRate = new HalfRate();

  private constructor(
    pbx: SimulatedPbx,
    socket: Socket,
    service: { readonly hostname: string; readonly port: number },
    options: RtpOptions,
  ) {
    super(options);
    const codec = RTP_CODECS[options.format];
    this.#socket = socket;
    this.#service = service;
    this.#sender = new RtpSender(codec);
    const receiver = new RtpReceiver(codec, (pcm) => pbx.voice(this, this.#halfRate.up(pcm)));
    socket.on("message", (datagram, from) => {
      if (from.address !== service.hostname || from.port !== service.port) return;
      receiver.take(datagram, performance.now());
    });
  }

  static async open(
    pbx: SimulatedPbx,
    service: { readonly hostname: string; readonly port: number },
    options: RtpOptions,
  ): Promise<RtpChannel> {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    return new RtpChannel(pbx, socket, service, options);
  }

  /** Its address, as in UNICASTRTP_LOCAL_ADDRESS and UNICASTRTP_LOCAL_PORT. */
  get local(): { readonly address: string; readonly port: number } {
    return this.#socket.address();
  }

  override hear(frame: Pcm): void {
    const packet = this.#sender.packet(this.#halfRate.down(frame), 0);
    this.#socket.send(packet, this.#service.port, this.#service.hostname);
  }

  /** chan_rtp does not forward keys. */
  override hearDigit(): void {}

  override answer(): void {}

  override release(): void {
    this.#socket.close();
  }
}
