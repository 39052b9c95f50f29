// A plain client of a PBX, simulated or real, without the product: requests, events, media.

import { Buffer } from "node:buffer";
import { WebSocket } from "ws";
import type { PbxEnv, TestPbx } from "./caller.ts";

/** A channel in ARI's JSON, as far as tests read it. */
export interface ChannelJson {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly language: string;
  readonly caller: { readonly name: string; readonly number: string };
  readonly dialplan: Readonly<Record<string, unknown>>;
  readonly channelvars?: { readonly MEDIA_WEBSOCKET_CONNECTION_ID: string };
}

/** An answer or an event of the PBX, unchecked: it has some of these fields. */
export interface Json extends ChannelJson {
  readonly type: string;
  readonly application: string;
  readonly message: string;
  readonly value: string;
  readonly variable: string;
  readonly args: readonly string[];
  readonly digit: string;
  readonly cause: number;
  readonly channel: ChannelJson;
  readonly peer: ChannelJson;
  readonly bridge: { readonly id: string };
  readonly channels: readonly string[];
  readonly channel_ids: readonly string[];
  readonly playback: { readonly id: string };
}

/** A message of the media socket. */
export interface MediaEvent {
  readonly event: string;
  readonly channel_id: string;
  readonly correlation_id?: string;
  readonly connection_id?: string;
  readonly format?: string;
  readonly optimal_frame_size?: number;
  readonly channel_variables?: Readonly<Record<string, string>>;
  readonly queue_length?: number;
  readonly queue_full?: boolean;
  readonly media_paused?: boolean;
  readonly digit?: string;
  readonly error_text?: string;
}

/** Items in order of arrival, of which a test awaits past and future ones alike. */
export class Inbox<T> {
  readonly all: T[] = [];
  readonly #waiting = new Set<() => void>();

  put(item: T): void {
    this.all.push(item);
    for (const look of [...this.#waiting]) look();
  }

  /** The first item that fits, whether it is there or still to come. */
  first(fits: (item: T) => boolean): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>();
    const look = () => {
      const found = this.all.find(fits);
      if (found === undefined) return;
      this.#waiting.delete(look);
      resolve(found);
    };
    this.#waiting.add(look);
    look();
    return promise;
  }

  /** Resolves once at least `count` items are there. */
  async count(count: number): Promise<readonly T[]> {
    await this.first(() => this.all.length >= count);
    return this.all;
  }
}

/** Requests and sockets to one PBX. */
export class TestClient implements AsyncDisposable {
  readonly #env: PbxEnv;
  readonly #sockets: WebSocket[] = [];

  constructor(pbx: Pick<TestPbx, "env">) {
    this.#env = pbx.env;
  }

  get apiKey(): string {
    return `${this.#env.ARI_USER}:${this.#env.ARI_PASSWORD}`;
  }

  /** Sends one command. @returns its status, and its JSON or null. */
  async ari(method: string, path: string, body?: unknown): Promise<{ status: number; json: Json }> {
    const response = await fetch(`${this.#env.ARI_HTTP_URL}/ari${path}`, {
      method,
      headers: { authorization: `Basic ${btoa(this.apiKey)}` },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, json: text === "" ? null : JSON.parse(text) };
  }

  /** Opens an events socket. */
  async events(app = "voxbot"): Promise<TestEvents> {
    const socket = this.#open(`/ari/events?app=${app}&api_key=${this.apiKey}`);
    const events = new TestEvents(socket);
    await events.opened;
    return events;
  }

  /** Opens the media socket of a chan_websocket channel. */
  async media(connectionId: string): Promise<TestMedia> {
    const media = new TestMedia(this.#open(`/media/${connectionId}`, "media"));
    await media.opened;
    return media;
  }

  /** Puts a channel of the application into a bridge with an external media channel. */
  async converse(channelId: string, events: TestEvents, name = "1"): Promise<TestMedia> {
    await this.ari("POST", `/bridges/bridge${name}?type=mixing`);
    await this.ari("POST", `/bridges/bridge${name}/addChannel?channel=${channelId}`);
    const { json } = await this.externalMedia(`media${name}`);
    const media = await this.media(json.channelvars!.MEDIA_WEBSOCKET_CONNECTION_ID);
    await events.first("StasisStart", `media${name}`);
    await this.ari("POST", `/bridges/bridge${name}/addChannel?channel=media${name}`);
    return media;
  }

  /** Makes an external media channel: slin16 over a websocket unless `options` say otherwise. */
  externalMedia(channelId: string, options: Record<string, string> = {}) {
    const query = new URLSearchParams({
      app: "voxbot",
      channelId,
      transport: "websocket",
      encapsulation: "none",
      connection_type: "server",
      external_host: "INCOMING",
      format: "slin16",
      transport_data: "f(json)",
      ...options,
    });
    return this.ari("POST", `/channels/externalMedia?${query}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => {
      if (socket.readyState === WebSocket.CLOSED) return;
      const closed = Promise.withResolvers<void>();
      socket.once("close", () => closed.resolve());
      socket.terminate();
      return closed.promise;
    }));
  }

  #open(path: string, protocol?: string): WebSocket {
    const url = this.#env.ARI_HTTP_URL.replace("http", "ws") + path;
    const socket = protocol === undefined ? new WebSocket(url) : new WebSocket(url, protocol);
    this.#sockets.push(socket);
    return socket;
  }
}

/** What both kinds of socket have in common. */
class TestSocket {
  readonly opened: Promise<void>;
  /** The close code. */
  readonly closed: Promise<number>;

  constructor(readonly socket: WebSocket) {
    const opened = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<number>();
    this.opened = opened.promise;
    this.closed = closed.promise;
    socket.on("open", () => opened.resolve());
    socket.on("error", (error: Error) => opened.reject(error));
    socket.on("close", (code: number) => closed.resolve(code));
  }
}

/** An events socket. */
export class TestEvents extends TestSocket {
  readonly texts = new Inbox<string>();
  readonly events = new Inbox<Json>();

  constructor(socket: WebSocket) {
    super(socket);
    socket.on("message", (data: Buffer) => {
      const text = data.toString();
      this.texts.put(text);
      if (text.startsWith("{")) this.events.put(JSON.parse(text));
    });
  }

  /** The first event of this type, about this channel if one is given. */
  first(type: string, channelId?: string): Promise<Json> {
    return this.events.first((event) =>
      event.type === type && (channelId === undefined || event.channel?.id === channelId)
    );
  }

  /** Types of all events about one channel, in order. */
  about(channelId: string): string[] {
    return this.events.all.filter((event) => (event.channel ?? event.peer)?.id === channelId)
      .map(({ type }) => type);
  }
}

/** A media socket. */
export class TestMedia extends TestSocket {
  readonly texts = new Inbox<string>();
  readonly frames = new Inbox<Uint8Array>();

  constructor(socket: WebSocket) {
    super(socket);
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.frames.put(new Uint8Array(data));
      else this.texts.put(data.toString());
    });
  }

  /** Sends a control command. */
  command(command: string, correlation_id?: string): void {
    this.socket.send(JSON.stringify({ command, correlation_id }));
  }

  /** The first event of this name, with this correlation id if one is given. */
  async event(name: string, correlationId?: string): Promise<MediaEvent> {
    const text = await this.texts.first((text) => {
      const json = JSON.parse(text);
      return json.event === name &&
        (correlationId === undefined || json.correlation_id === correlationId);
    });
    return JSON.parse(text);
  }

  /** The names of all events, in order. */
  get events(): string[] {
    return this.texts.all.map((text) => JSON.parse(text).event);
  }
}
