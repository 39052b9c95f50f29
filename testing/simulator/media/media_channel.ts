// An external media channel on a websocket: the server side of Asterisk's chan_websocket. Its
// messages are those of channels/chan_websocket.c, tried on 22.10.1.

import { type Pcm, pcmFromBytes, pcmToBytes } from "../../../media/frame.ts";
import { CAUSE, type ChannelOptions, type HangupCause, SimulatedChannel } from "../pbx/channel.ts";
import type { SimulatedPbx } from "../pbx/pbx.ts";
import { PlayoutQueue, XOFF_LEVEL, XON_LEVEL } from "./playout_queue.ts";

/** The only format that the simulator carries over websockets. */
export const MEDIA_FORMAT = { name: "slin16", frameBytes: 640, frameMs: 20 } as const;
/** Longer text messages are dropped (MAX_TEXT_MESSAGE_LEN). */
const MAX_TEXT_BYTES = 128;
/** A longer message ends the connection (AST_WEBSOCKET_MAX_RX_PAYLOAD_SIZE). */
const MAX_MESSAGE_BYTES = 65_535;
/** ARI's dial timeout, after which a channel that nobody connects to is destroyed. */
export const CONNECT_TIMEOUT_MS = 30_000;

/** The websocket to the client, as the channel uses it. */
export interface MediaPeer {
  send(data: string | Uint8Array): void;
  close(code: number): void;
  /** Cuts the connection without a close frame. */
  terminate(): void;
}

/** The format of control messages: `transport_data=f(json)`, or the default. */
export type ControlFormat = "json" | "plain-text";

/** Options of a websocket media channel. */
export interface MediaChannelOptions extends ChannelOptions {
  readonly app: string;
  readonly control: ControlFormat;
  /** Option `n`: the client must send ANSWER. */
  readonly noAutoAnswer: boolean;
  readonly transportData: string;
  readonly mediaStartDelayMs: number;
  readonly connectTimeoutMs: number;
}

/** One chan_websocket channel. */
export class MediaChannel extends SimulatedChannel {
  readonly connectionId = crypto.randomUUID();
  readonly #pbx: SimulatedPbx;
  readonly #options: MediaChannelOptions;
  readonly #queue: PlayoutQueue;
  #socket: MediaPeer | undefined;
  #clock: Disposable | undefined;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #mediaStart: ReturnType<typeof setTimeout> | undefined;

  constructor(pbx: SimulatedPbx, options: MediaChannelOptions) {
    super(options);
    this.#pbx = pbx;
    this.#options = options;
    this.#queue = new PlayoutQueue(MEDIA_FORMAT.frameBytes, (notice) => this.#tell(notice));
    this.watchers.add(options.app);
    this.variables.set("MEDIA_WEBSOCKET_CONNECTION_ID", this.connectionId);
    this.variables.set("MEDIA_WEBSOCKET_OPTIMAL_FRAME_SIZE", String(MEDIA_FORMAT.frameBytes));
    this.#deadline = setTimeout(() => pbx.hangUp(this, CAUSE.noAnswer), options.connectTimeoutMs);
  }

  /** Whether a client is connected: a second one is refused (409). */
  get connected(): boolean {
    return this.#socket !== undefined;
  }

  /** Begins like the real channel, down and waiting for its client. */
  dial(): void {
    this.#tellDial("");
  }

  /** The client has connected. */
  connect(socket: MediaPeer): void {
    this.#socket = socket;
    const { mediaStartDelayMs } = this.#options;
    if (mediaStartDelayMs > 0) {
      this.#mediaStart = setTimeout(() => this.#tellMediaStart(), mediaStartDelayMs);
    } else this.#tellMediaStart();
    this.#clock = this.#pbx.clock.subscribe(() => this.#tick());
    if (!this.#options.noAutoAnswer) this.#pickUp();
  }

  /** The client has disconnected, `inOrder` with a close frame. */
  disconnected(inOrder: boolean): void {
    this.#socket = undefined;
    this.#end(inOrder ? CAUSE.normal : CAUSE.networkOutOfOrder, 1001);
  }

  /** Takes a binary message of the client. */
  takeAudio(message: Uint8Array): void {
    if (message.length > MAX_MESSAGE_BYTES) this.#cut();
    else this.#queue.push(message);
  }

  /** Takes a text message of the client. */
  takeText(message: string, bytes: number): void {
    if (bytes > MAX_MESSAGE_BYTES) this.#cut();
    else if (bytes > 0 && bytes <= MAX_TEXT_BYTES) this.#takeCommand(message.trim());
  }

  override hear(frame: Pcm): void {
    this.#socket?.send(pcmToBytes(frame));
  }

  override hearDigit(digit: string): void {
    this.#send(
      this.#json({ event: "DTMF_END", channel_id: this.id, digit }) ??
        `DTMF_END digit:${digit} channel_id:${this.id}`,
    );
  }

  override answer(): void {
    clearTimeout(this.#deadline);
  }

  override ending(requested: boolean): void {
    if (requested && this.state === "Down") this.#tellDial("NOANSWER");
  }

  override release(cause: HangupCause | undefined): void {
    clearTimeout(this.#deadline);
    clearTimeout(this.#mediaStart);
    this.#clock?.[Symbol.dispose]();
    if (cause) this.#socket?.close(cause.tech ?? 1000);
    else this.#socket?.terminate();
    this.#socket = undefined;
  }

  /** Loses the connection, as a fault that the PBX notices. */
  cut(): void {
    if (this.#socket) this.#cut();
  }

  #cut(): void {
    this.#socket?.terminate();
    this.disconnected(false);
  }

  #tick(): void {
    const frame = this.#queue.next((event) => this.#send(event));
    if (frame) this.#pbx.voice(this, pcmFromBytes(frame));
  }

  /** The channel is answered and enters the application; without one it is over. */
  #pickUp(): void {
    if (this.state === "Up") return;
    this.#pbx.answer(this);
    this.#tellDial("ANSWER");
    if (!this.#pbx.enterStasis(this, this.#options.app, [])) this.#pbx.hangUp(this, CAUSE.normal);
  }

  #takeCommand(text: string): void {
    const parsed = this.#options.control === "json" ? parseJson(text) : parsePlain(text);
    if (!parsed) {
      this.#tellError("Unable to parse JSON command");
      return;
    }
    const { command, correlationId } = parsed;
    switch (command) {
      case "ANSWER":
        return this.#pickUp();
      case "HANGUP":
        return this.#end(CAUSE.normal, 1000);
      case "START_MEDIA_BUFFERING":
        return this.#queue.startBuffering();
      case "STOP_MEDIA_BUFFERING":
        this.#queue.stopBuffering();
        return this.#queue.pushEvent(this.#correlated("MEDIA_BUFFERING_COMPLETED", correlationId));
      case "MARK_MEDIA":
        return this.#queue.pushEvent(this.#correlated("MEDIA_MARK_PROCESSED", correlationId));
      case "FLUSH_MEDIA":
        return this.#queue.flush();
      case "REPORT_QUEUE_DRAINED":
        return this.#queue.reportDrained();
      case "PAUSE_MEDIA":
        return this.#queue.pause();
      case "CONTINUE_MEDIA":
        return this.#queue.resume();
      case "GET_STATUS":
        return this.#tellStatus();
    }
  }

  #end(cause: HangupCause, tech: number): void {
    this.#pbx.hangUp(this, { ...cause, tech }, { cause: cause.code, tech_cause: tech });
  }

  #tellDial(dialstatus: string): void {
    this.#pbx.applications.send(this.watchers, "Dial", {
      dialstatus,
      forward: "",
      dialstring: `INCOMING/${this.#options.transportData}`,
      peer: this.toJson(),
    });
  }

  #tell(event: string): void {
    this.#send(this.#json({ event, channel_id: this.id }) ?? event);
  }

  #tellMediaStart(): void {
    const facts = {
      connection_id: this.connectionId,
      channel: this.name,
      channel_id: this.id,
      format: MEDIA_FORMAT.name,
      optimal_frame_size: MEDIA_FORMAT.frameBytes,
      ptime: MEDIA_FORMAT.frameMs,
    };
    const channel_variables = Object.fromEntries(this.variables);
    this.#send(
      this.#json({ event: "MEDIA_START", ...facts, channel_variables }) ??
        plain("MEDIA_START", facts),
    );
  }

  #tellStatus(): void {
    const { queue_length, queue_full, bulk_media, media_paused } = this.#queue.status;
    const facts = {
      channel_id: this.id,
      queue_length,
      xon_level: XON_LEVEL,
      xoff_level: XOFF_LEVEL,
      queue_full,
      bulk_media,
      media_paused,
    };
    this.#send(this.#json({ event: "STATUS", ...facts }) ?? plain("STATUS", facts));
  }

  #tellError(error_text: string): void {
    const facts = { channel_id: this.id, error_text };
    this.#send(this.#json({ event: "ERROR", ...facts }) ?? plain("ERROR", facts));
  }

  #correlated(event: string, correlationId: string): string {
    return this.#json({ event, channel_id: this.id, correlation_id: correlationId }) ??
      `${event} ${correlationId}`.trimEnd();
  }

  #json(facts: Record<string, unknown>): string | undefined {
    return this.#options.control === "json" ? JSON.stringify(facts) : undefined;
  }

  #send(text: string): void {
    this.#socket?.send(text);
  }
}

interface ControlCommand {
  readonly command: unknown;
  readonly correlationId: string;
}

/** Undefined unless it is a JSON object or array, like Asterisk's parser. */
function parseJson(text: string): ControlCommand | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof json !== "object" || json === null) return undefined;
  const { command, correlation_id: id } = json as Record<string, unknown>;
  return { command, correlationId: typeof id === "string" ? id : "" };
}

function parsePlain(text: string): ControlCommand {
  const space = text.indexOf(" ");
  if (space < 0) return { command: text, correlationId: "" };
  return { command: text.slice(0, space), correlationId: text.slice(space + 1) };
}

function plain(event: string, facts: Record<string, unknown>): string {
  return [event, ...Object.entries(facts).map(([name, value]) => `${name}:${value}`)].join(" ");
}
