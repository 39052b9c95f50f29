// A PBX in this process: what a service sees of Asterisk, with callers that tests and the demo steer.

import type { TestPbx } from "../../media/caller.ts";
import { logger } from "../../config/logging.ts";
import { type LineOptions, SimulatedCaller, type SimulatedCallOptions } from "./caller.ts";
import { FrameClock } from "./clock.ts";
import { CONNECT_TIMEOUT_MS, MediaChannel } from "./media_channel.ts";
import { CAUSE } from "./channel.ts";
import { type Dialplan, Pbx } from "./pbx.ts";
import type { Sounds } from "./playbacks.ts";
import { type AnsweredRequest, AriServer, PbxCrash } from "./server.ts";
import { ariDate } from "./wire.ts";

export type { AnsweredRequest, LineOptions, SimulatedCaller, SimulatedCallOptions };
export { CallOverError } from "./caller.ts";

/** What the simulated PBX is like; everything has a default. */
export interface SimulatorOptions {
  /** Port of ARI and media on 127.0.0.1; 0, the default, takes a free one. */
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  /** Stasis application that the dialplan leads calls to. Default `voxbot`. */
  readonly app?: string;
  /** The dialplan answers before it enters the application, as asterisk/etc does. Default true. */
  readonly answer?: boolean;
  /** Channel language the dialplan sets. Default `en`. */
  readonly language?: string;
  /** Contexts a call can be continued in and stays on the line. Default: those of asterisk/etc. */
  readonly contexts?: readonly string[];
  /** Context for calls when the application is not there. Default `voxbot-fallback`; "" hangs up. */
  readonly failedContext?: string;
  /** The line of every caller, unless a call says otherwise. */
  readonly line?: LineOptions;
  /** What `sound:<name>` plays. Any other sound fails to play, as a missing file does. */
  readonly sounds?: Sounds;
  /** Modules `GET /asterisk/modules` lists. */
  readonly modules?: readonly string[];
  /** MEDIA_START comes this much late, so that audio can come before it. Default 0. */
  readonly mediaStartDelayMs?: number;
  /** A media channel nobody connects to is destroyed after this. Default 30 s, as on a real PBX. */
  readonly mediaConnectTimeoutMs?: number;
}

/** What a channel on the PBX is doing, for tests to look at. */
export interface ChannelView {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  /** The application it is in, if it is in one. */
  readonly app: string | undefined;
  /** Where it is in the dialplan. */
  readonly context: string;
}

/** A simulated PBX. What it does wrong on purpose is asked of it by the methods below. */
export interface Simulator extends TestPbx {
  readonly kind: "simulator";
  readonly port: number;
  call(options?: SimulatedCallOptions): Promise<SimulatedCaller>;
  /** All live channels. */
  channels(): Promise<readonly ChannelView[]>;
  /** ARI requests answered so far, oldest first. */
  requests(): Promise<readonly AnsweredRequest[]>;
  /** How many 20 ms ticks this process was too busy for; above 0, frame timings are not to be trusted. */
  skippedTicks(): Promise<number>;

  /** Cuts the events sockets of an application (or all) without a close frame; calls and media stay. */
  cutEvents(app?: string): Promise<void>;
  /** Cuts the media socket of one external media channel (or all); the PBX hangs that channel up. */
  cutMedia(channelId?: string): Promise<void>;
  /** From now on ARI answers so much later; commands still take effect at once. */
  delayReplies(ms: number): Promise<void>;
  /** The next `count` commands are answered with `status` (default 500) and not executed. */
  failCommands(count: number, status?: number): Promise<void>;
  /** Sends any text as if it were an event. */
  sendRawEvent(text: string): Promise<void>;
  /** Sends each application's latest StasisStart once more. */
  repeatStasisStart(): Promise<void>;
  /** Ends the PBX's process and starts it again on the same port: all calls are lost. */
  restart(options?: { readonly downMs?: number }): Promise<void>;
  /** Stops listening and cuts every connection, yet keeps the calls: the network is gone. */
  stopListening(): Promise<void>;
  /** Ends `stopListening`. */
  resumeListening(): Promise<void>;
}

/** Modules a service may look for. */
const MODULES = [
  "chan_pjsip.so",
  "chan_websocket.so",
  "res_ari.so",
  "res_ari_applications.so",
  "res_ari_asterisk.so",
  "res_ari_bridges.so",
  "res_ari_channels.so",
  "res_ari_events.so",
  "res_ari_playbacks.so",
  "res_ari_recordings.so",
  "res_http_websocket.so",
  "res_stasis.so",
  "res_stasis_answer.so",
  "res_stasis_playback.so",
  "res_stasis_recording.so",
  "res_websocket_client.so",
];
/** How long a PBX that died stays away before its supervisor has it up again. */
const CRASH_DOWN_MS = 200;

const log = logger("simulator");

/** Starts a simulated PBX on loopback; dispose of it to stop it. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = new InProcessSimulator(options);
  await simulator.listen();
  return simulator;
}

class InProcessSimulator implements Simulator {
  readonly kind = "simulator";
  readonly #options: SimulatorOptions;
  readonly #credentials;
  readonly #server: AriServer;
  readonly #clock = new FrameClock();
  readonly #dialplan: Dialplan;
  #pbx: Pbx;
  #startedAt = ariDate();
  #port = 0;
  #crashed: Promise<void> = Promise.resolve();
  #disposed = false;

  constructor(options: SimulatorOptions) {
    const { user = "voxbot", password = "simulated", app = "voxbot" } = options;
    this.#options = options;
    this.#credentials = { user, password };
    this.#dialplan = {
      app,
      contexts: options.contexts ?? ["voxbot-fallback", "voxbot-operators"],
      failedContext: (options.failedContext ?? "voxbot-fallback") || undefined,
    };
    this.#pbx = this.#newPbx();
    this.#server = new AriServer(() => ({
      pbx: this.#pbx,
      version: "22.10.1-simulated",
      modules: options.modules ?? MODULES,
      startedAt: this.#startedAt,
      mediaStartDelayMs: options.mediaStartDelayMs ?? 0,
      mediaConnectTimeoutMs: options.mediaConnectTimeoutMs ?? CONNECT_TIMEOUT_MS,
      crash: (why) => this.#crash(why),
    }), this.#credentials);
  }

  get port(): number {
    return this.#port;
  }

  get env(): Readonly<Record<string, string>> {
    return {
      ARI_HTTP_URL: `http://127.0.0.1:${this.#port}`,
      ARI_USER: this.#credentials.user,
      ARI_PASSWORD: this.#credentials.password,
      ARI_APP_NAME: this.#dialplan.app,
    };
  }

  async listen(): Promise<void> {
    this.#port = await this.#server.listen(this.#port || (this.#options.port ?? 0));
  }

  call(options: SimulatedCallOptions = {}): Promise<SimulatedCaller> {
    const pbx = this.#pbx;
    const { language = "en", line } = this.#options;
    const caller = new SimulatedCaller(pbx, { ...options, line: options.line ?? line }, language);
    const { channel } = caller;
    pbx.channels.set(channel.id, channel);
    if (this.#options.answer ?? true) pbx.answer(channel);
    const entered = pbx.enterStasis(channel, this.#dialplan.app, []);
    if (!entered) pbx.continueInDialplan(channel, { context: this.#dialplan.failedContext });
    return Promise.resolve(caller);
  }

  leftovers(): ReturnType<TestPbx["leftovers"]> {
    return Promise.resolve({
      channels: [...this.#pbx.channels.keys()],
      bridges: [...this.#pbx.bridges.keys()],
    });
  }

  channels(): Promise<readonly ChannelView[]> {
    return Promise.resolve(
      [...this.#pbx.channels.values()].map(({ id, name, state, app, dialplan }) => ({
        id,
        name,
        state,
        app,
        context: dialplan.context,
      })),
    );
  }

  requests(): Promise<readonly AnsweredRequest[]> {
    return Promise.resolve([...this.#server.requests]);
  }

  skippedTicks(): Promise<number> {
    return Promise.resolve(this.#clock.skippedTicks);
  }

  cutEvents(app?: string): Promise<void> {
    this.#server.cutEvents(app);
    return Promise.resolve();
  }

  cutMedia(channelId?: string): Promise<void> {
    for (const channel of this.#pbx.channels.values()) {
      if (!(channel instanceof MediaChannel)) continue;
      if (channelId === undefined || channel.id === channelId) channel.cut();
    }
    return Promise.resolve();
  }

  delayReplies(ms: number): Promise<void> {
    this.#server.faults.replyDelayMs = ms;
    return Promise.resolve();
  }

  failCommands(count: number, status = 500): Promise<void> {
    this.#server.faults.failNext = count;
    this.#server.faults.failStatus = status;
    return Promise.resolve();
  }

  sendRawEvent(text: string): Promise<void> {
    this.#pbx.applications.sendRaw(text);
    return Promise.resolve();
  }

  repeatStasisStart(): Promise<void> {
    this.#pbx.applications.repeatStasisStart();
    return Promise.resolve();
  }

  async restart({ downMs = 0 }: { readonly downMs?: number } = {}): Promise<void> {
    this.#pbx.crash();
    this.#pbx = this.#newPbx();
    await this.#server.close();
    if (downMs > 0) await new Promise((resolve) => setTimeout(resolve, downMs));
    this.#startedAt = ariDate();
    if (!this.#disposed) await this.listen();
  }

  stopListening(): Promise<void> {
    return this.#server.close();
  }

  resumeListening(): Promise<void> {
    return this.listen();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#crashed;
    for (const channel of [...this.#pbx.channels.values()]) {
      this.#pbx.hangUp(channel, CAUSE.normal);
    }
    await this.#server.close();
  }

  #newPbx(): Pbx {
    return new Pbx(this.#dialplan, this.#clock, this.#options.sounds ?? {});
  }

  #crash(why: string): never {
    log.warn("the simulated PBX dies", { why });
    this.#crashed = this.restart({ downMs: CRASH_DOWN_MS });
    throw new PbxCrash(why);
  }
}
