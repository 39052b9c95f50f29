// A simulated PBX in this isolate: its state, its server, its clock, and the faults it is asked
// for.

import { join } from "node:path";
import { logger } from "../../config/logging.ts";
import { pause } from "../../runtime/waiting.ts";
import type { PbxEnv } from "../caller.ts";
import { InProcessCaller } from "./caller.ts";
import { CAUSE } from "./pbx/channel.ts";
import { PbxClock } from "./pbx/clock.ts";
import { CONNECT_TIMEOUT_MS, MediaChannel } from "./media/media_channel.ts";
import {
  SAMPLE_CONTEXTS,
  SAMPLE_EXTENSIONS,
  SAMPLE_FAILED_CONTEXT,
  type SimulatedDialplan,
} from "./pbx/dialplan.ts";
import { SimulatedPbx } from "./pbx/pbx.ts";
import { AriServer, PbxCrash } from "./ari/server.ts";
import { readSoundFile } from "./pbx/sound_file.ts";
import type {
  AnsweredRequest,
  ChannelView,
  SimulatedCallOptions,
  Simulator,
  SimulatorOptions,
} from "./simulator.ts";
import { ariDate } from "./ari/wire.ts";

/** Modules a service may look for. */
const MODULES = [
  "chan_audiosocket.so",
  "chan_pjsip.so",
  "chan_rtp.so",
  "chan_websocket.so",
  "codec_resample.so",
  "format_sln.so",
  "format_wav.so",
  "res_ari.so",
  "res_ari_applications.so",
  "res_ari_asterisk.so",
  "res_ari_bridges.so",
  "res_ari_channels.so",
  "res_ari_events.so",
  "res_ari_playbacks.so",
  "res_ari_recordings.so",
  "res_audiosocket.so",
  "res_http_websocket.so",
  "res_rtp_asterisk.so",
  "res_stasis.so",
  "res_stasis_answer.so",
  "res_stasis_playback.so",
  "res_stasis_recording.so",
  "res_stasis_snoop.so",
  "res_websocket_client.so",
];
/** How long a PBX that died stays away, as if a supervisor restarted it. */
const CRASH_DOWN_MS = 200;

const log = logger("simulator");

/** A simulated PBX in this isolate. */
export class InProcessSimulator implements Simulator {
  readonly kind = "simulator";
  readonly #options: SimulatorOptions;
  readonly #credentials;
  readonly #server: AriServer;
  readonly #clock = new PbxClock();
  readonly #dialplan: SimulatedDialplan;
  #pbx: SimulatedPbx;
  #startedAt = ariDate();
  #port = 0;
  #restarted: Promise<void> = Promise.resolve();
  #disposed = false;

  constructor(options: SimulatorOptions) {
    const { user = "voxbot", password = "simulated", app = "voxbot" } = options;
    this.#options = options;
    this.#credentials = { user, password };
    this.#dialplan = {
      app,
      contexts: options.contexts ?? SAMPLE_CONTEXTS,
      extensions: options.extensions ?? SAMPLE_EXTENSIONS,
      failedContext: (options.failedContext ?? SAMPLE_FAILED_CONTEXT) || undefined,
    };
    this.#pbx = this.#newPbx();
    this.#server = new AriServer(() => ({
      pbx: this.#pbx,
      version: options.version ?? "22.10.1-simulated",
      folders: options.folders,
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

  get env(): PbxEnv {
    return {
      ARI_HTTP_URL: `http://127.0.0.1:${this.#port}`,
      ARI_USER: this.#credentials.user,
      ARI_PASSWORD: this.#credentials.password,
      ARI_APP_NAME: this.#dialplan.app,
      ARI_FALLBACK_CONTEXT: this.#dialplan.failedContext ?? "",
    };
  }

  async listen(): Promise<void> {
    this.#port = await this.#server.listen(this.#port || (this.#options.port ?? 0));
  }

  call(options: SimulatedCallOptions = {}): Promise<InProcessCaller> {
    const pbx = this.#pbx;
    const { language = "en", line } = this.#options;
    const caller = new InProcessCaller(pbx, { ...options, line: options.line ?? line }, language);
    const { channel } = caller;
    pbx.channels.set(channel.id, channel);
    if (this.#options.answer ?? true) pbx.answer(channel);
    const { app, extensions, failedContext } = this.#dialplan;
    const elsewhere = extensions[options.extension ?? ""];
    if (elsewhere !== undefined) pbx.continueInDialplan(channel, { context: elsewhere });
    else if (!pbx.enterStasis(channel, app, [])) {
      pbx.continueInDialplan(channel, { context: failedContext });
    }
    return Promise.resolve(caller);
  }

  leftovers(): ReturnType<Simulator["leftovers"]> {
    return Promise.resolve({
      channels: [...this.#pbx.channels.keys()],
      bridges: this.#pbx.bridges.all.map(({ id }) => id),
      recordings: this.#pbx.recordings.list().map(({ name }) => name),
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

  refuseMedia(count: number): Promise<void> {
    this.#server.faults.refuseMedia = count;
    return Promise.resolve();
  }

  limitSessions(limit: number): Promise<void> {
    this.#server.faults.sessionLimit = limit;
    return Promise.resolve();
  }

  mostSessions(): Promise<number> {
    return Promise.resolve(this.#server.mostSessions);
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

  restart({ downMs = 0 }: { readonly downMs?: number } = {}): Promise<void> {
    this.#restarted = this.#restart(downMs);
    return this.#restarted;
  }

  stopListening(): Promise<void> {
    return this.#server.close();
  }

  resumeListening(): Promise<void> {
    return this.listen();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.#restarted;
    for (const channel of [...this.#pbx.channels.values()]) {
      this.#pbx.hangUp(channel, CAUSE.normal);
    }
    await this.#server.close();
  }

  async #restart(downMs: number): Promise<void> {
    this.#pbx.crash();
    this.#pbx = this.#newPbx();
    await this.#server.close();
    if (downMs > 0) await pause(downMs);
    this.#startedAt = ariDate();
    if (!this.#disposed) await this.listen();
  }

  #newPbx(): SimulatedPbx {
    const { sounds = {}, folders, systemName } = this.#options;
    return new SimulatedPbx(this.#dialplan, this.#clock, sounds, {
      find: (name) => folders && readSoundFile(join(folders.dataDir, "sounds"), name),
      recordingDir: folders && join(folders.spoolDir, "recording"),
    }, systemName);
  }

  #crash(why: string): never {
    log.warn("the simulated PBX dies", { why });
    void this.restart({ downMs: CRASH_DOWN_MS });
    throw new PbxCrash(why);
  }
}
