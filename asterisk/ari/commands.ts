// Commands to the PBX: ari-client's operations, built from the PBX's own api-docs, with types,
// deadlines and errors one can act on.

import ariClient from "ari-client";
import type { MediaAddress } from "../../media/transport.ts";
import { type Command, COMMANDS } from "./command_table.ts";
import { AriError, orNotServed } from "./error.ts";
import {
  type ChannelOffer,
  externalMediaParams,
  MEDIA_VARIABLES,
  mediaAddress,
} from "./external_media.ts";
import { type AriAddress, AriHttp, withHttp } from "./http.ts";
import type {
  Application,
  AsteriskInfo,
  Bridge,
  Channel,
  LiveRecording,
  Module,
  Playback,
} from "./models.ts";

/** Longest wait for the answer to one command, unless its signal aborts earlier. */
export const COMMAND_DEADLINE_MS = 5000;

/** Why a channel is hung up, in ARI's words (`DELETE /channels/{id}?reason=`). */
export type HangUpReason = "normal" | "busy" | "congestion" | "no_answer" | "timeout" | "rejected";

/** Where a channel goes on in the dialplan. */
export interface DialplanPlace {
  readonly context: string;
  readonly extension: string;
  readonly priority: number;
}

/** An external media channel and the address its audio is at. */
export interface ExternalMedia {
  readonly channel: Channel;
  readonly address: MediaAddress;
}

/**
 * Commands to one PBX. Each resolves on 2xx, and otherwise rejects with an `AriError`, or with the
 * signal's reason when its `signal` aborts. They survive a restart of the PBX: nothing but the
 * paths of its api-docs is kept.
 */
export class AriCommands implements Disposable {
  readonly #http: AriHttp;
  readonly #client: AriClient;
  readonly #url: string;

  private constructor(http: AriHttp, client: AriClient, url: string) {
    this.#http = http;
    this.#client = client;
    this.#url = url;
  }

  /**
   * Reads the PBX's api-docs with these credentials.
   *
   * @throws {AriError} `unauthorized` when they are wrong, `unreachable` when nobody answers.
   */
  static async open(address: AriAddress, signal?: AbortSignal): Promise<AriCommands> {
    const http = new AriHttp(address);
    try {
      const deadline = withDeadline(signal);
      const operation = "api-docs";
      // ari-client begins with a request that has no deadline and does not look at the status.
      await http.send(operation, "GET", "/ari/api-docs/resources.json", deadline);
      const client = await withHttp(
        http,
        operation,
        deadline,
        () => ariClient.connect(address.url, address.user, address.password),
      );
      return new AriCommands(http, client as unknown as AriClient, address.url);
    } catch (error) {
      http[Symbol.dispose]();
      throw orNotServed(error);
    }
  }

  /** Picks up. */
  async answer(channelId: string, signal?: AbortSignal): Promise<void> {
    await this.#run(COMMANDS.answer, { channelId }, signal);
  }

  async hangUp(channelId: string, reason: HangUpReason = "normal", signal?: AbortSignal) {
    await this.#run(COMMANDS.hangUp, { channelId, reason }, signal);
  }

  channel(channelId: string, signal?: AbortSignal): Promise<Channel> {
    return this.#run(COMMANDS.channel, { channelId }, signal);
  }

  /** All channels of the PBX, ours or not. */
  channels(signal?: AbortSignal): Promise<Channel[]> {
    return this.#run(COMMANDS.channels, {}, signal);
  }

  /**
   * Makes a channel whose audio travels as `offer` says: by default slin16 over a websocket of the
   * PBX. It enters `app` as any channel does: bridge it after its own StasisStart (422 before). One
   * with a websocket waits for it for ever: give it a deadline, and hang it up.
   */
  async externalMedia(
    channelId: string,
    app: string,
    signal?: AbortSignal,
    offer: ChannelOffer = { kind: "websocket" },
  ): Promise<ExternalMedia> {
    const params = { channelId, app, ...externalMediaParams(offer) };
    const channel = await this.#run(COMMANDS.externalMedia, params, signal);
    const address = mediaAddress(offer, channel, this.#url);
    if (!address) {
      throw new AriError(
        "unexpected",
        describe(COMMANDS.externalMedia, {}),
        0,
        `the answer names no ${MEDIA_VARIABLES[offer.kind]} for channel ${channelId}`,
      );
    }
    return { channel, address };
  }

  /** A channel variable; undefined when it is not set. */
  async variable(
    channelId: string,
    variable: string,
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    try {
      return (await this.#run(COMMANDS.variable, { channelId, variable }, signal)).value;
    } catch (error) {
      // 404 is the answer for a channel that is gone, too; only the text tells.
      const unset = error instanceof AriError && error.gone && /variable/i.test(error.reason);
      if (unset) return undefined;
      throw error;
    }
  }

  async setVariable(channelId: string, variable: string, value: string, signal?: AbortSignal) {
    await this.#run(COMMANDS.setVariable, { channelId, variable, value }, signal);
  }

  /** Sends the channel out of our application, on into the dialplan. */
  async continueInDialplan(channelId: string, place: DialplanPlace, signal?: AbortSignal) {
    await this.#run(COMMANDS.continueInDialplan, { channelId, ...place }, signal);
  }

  /** Hands the live channel to another Stasis application, where it arrives as a StasisStart. */
  async moveToApp(channelId: string, app: string, appArgs?: string, signal?: AbortSignal) {
    await this.#run(COMMANDS.moveToApp, { channelId, app, appArgs }, signal);
  }

  /** Presses keys (0-9, *, #, A-D) towards the channel's far end. */
  async sendDtmf(channelId: string, dtmf: string, signal?: AbortSignal): Promise<void> {
    await this.#run(COMMANDS.sendDtmf, { channelId, dtmf }, signal);
  }

  /**
   * Plays a sound (`sound:hello-world`, `tone:ring`…) to the channel. The id is chosen by the caller, so
   * that PlaybackFinished cannot overtake the answer that would name it.
   */
  play(
    channelId: string,
    playbackId: string,
    media: string,
    lang?: string,
    signal?: AbortSignal,
  ): Promise<Playback> {
    return this.#run(COMMANDS.play, { channelId, playbackId, media, lang }, signal);
  }

  /** Stops a playback; one that has ended, or is just ending (404, 409), is stopped already. */
  async stopPlayback(playbackId: string, signal?: AbortSignal): Promise<void> {
    try {
      await this.#run(COMMANDS.stopPlayback, { playbackId }, signal);
    } catch (error) {
      const over = error instanceof AriError && (error.gone || error.status === 409);
      if (!over) throw error;
    }
  }

  /** Holds a playback where it is, or lets it go on. */
  async controlPlayback(
    playbackId: string,
    operation: "pause" | "unpause",
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#run(COMMANDS.controlPlayback, { playbackId, operation }, signal);
  }

  /** Sends silence to the channel whenever nothing else is: until a playback begins. */
  async startSilence(channelId: string, signal?: AbortSignal): Promise<void> {
    await this.#run(COMMANDS.startSilence, { channelId }, signal);
  }

  /** Makes a channel that hears what the far end of `channelId` says; it enters `app`. */
  snoop(channelId: string, snoopId: string, app: string, signal?: AbortSignal): Promise<Channel> {
    return this.#run(COMMANDS.snoop, { channelId, snoopId, app, spy: "in" }, signal);
  }

  /**
   * Records a channel that is in no bridge to the file `<name>.<format>` of the PBX's recordings,
   * over one that is there. Resolves when the PBX has taken the command: RecordingStarted follows.
   */
  record(
    channelId: string,
    name: string,
    format: string,
    signal?: AbortSignal,
  ): Promise<LiveRecording> {
    return this.#run(
      COMMANDS.record,
      { channelId, name, format, ifExists: "overwrite" },
      signal,
    );
  }

  /** Ends a recording and removes its file. */
  async discardRecording(recordingName: string, signal?: AbortSignal): Promise<void> {
    await this.#run(COMMANDS.discardRecording, { recordingName }, signal);
  }

  /** Creates a mixing bridge with this id; `conflict` when there is one already. */
  createBridge(bridgeId: string, signal?: AbortSignal): Promise<Bridge> {
    return this.#run(COMMANDS.createBridge, { bridgeId, type: "mixing", name: bridgeId }, signal);
  }

  /** Destroys a bridge; its channels stay up. */
  async destroyBridge(bridgeId: string, signal?: AbortSignal): Promise<void> {
    await this.#run(COMMANDS.destroyBridge, { bridgeId }, signal);
  }

  /** All bridges of the PBX, ours or not. */
  bridges(signal?: AbortSignal): Promise<Bridge[]> {
    return this.#run(COMMANDS.bridges, {}, signal);
  }

  async addToBridge(bridgeId: string, channel: string, signal?: AbortSignal): Promise<void> {
    await this.#run(COMMANDS.addToBridge, { bridgeId, channel }, signal);
  }

  async removeFromBridge(bridgeId: string, channel: string, signal?: AbortSignal): Promise<void> {
    await this.#run(COMMANDS.removeFromBridge, { bridgeId, channel }, signal);
  }

  /** What an application holds; `gone` when nobody is registered for it. */
  application(applicationName: string, signal?: AbortSignal): Promise<Application> {
    return this.#run(COMMANDS.application, { applicationName }, signal);
  }

  /** Version and identity of the PBX. */
  info(signal?: AbortSignal): Promise<AsteriskInfo> {
    return this.#run(COMMANDS.info, { only: "system" }, signal);
  }

  /** A variable of the whole PBX, such as `ASTSPOOLDIR`; empty when it is not set. */
  async globalVariable(variable: string, signal?: AbortSignal): Promise<string> {
    return (await this.#run(COMMANDS.globalVariable, { variable }, signal)).value;
  }

  modules(signal?: AbortSignal): Promise<Module[]> {
    return this.#run(COMMANDS.modules, {}, signal);
  }

  /** One module, such as `chan_websocket.so`; `gone` when the PBX has none of that name. */
  module(moduleName: string, signal?: AbortSignal): Promise<Module> {
    return this.#run(COMMANDS.module, { moduleName }, signal);
  }

  /** One file of the PBX's own description of ARI, such as `channels`. */
  async apiDocs(resource: string, signal?: AbortSignal): Promise<unknown> {
    const path = `/ari/api-docs/${resource}.json`;
    return JSON.parse(await this.#http.send("api-docs", "GET", path, withDeadline(signal)));
  }

  /** Closes the connections kept to the PBX; commands under way are cut off. */
  [Symbol.dispose](): void {
    this.#http[Symbol.dispose]();
  }

  async #run<R>(
    command: Command<R>,
    params: Readonly<Record<string, string | number | boolean | undefined>>,
    signal?: AbortSignal,
  ): Promise<R> {
    const operation = describe(command, params);
    const deadline = withDeadline(signal);
    deadline.throwIfAborted();
    const call = this.#client[command.resource]?.[command.operation];
    if (!call) {
      throw new AriError("unexpected", operation, 0, "the PBX's api-docs have no such operation");
    }
    const given = Object.fromEntries(
      Object.entries(params).filter(([, value]) => value !== undefined),
    );
    const answer = await withHttp(this.#http, operation, deadline, () => call(given));
    if (command.result === null) return undefined as R;
    const parsed = command.result.safeParse(answer);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const reason = `the answer does not fit the api-docs: ${
      issue?.path.join(".")
    }: ${issue?.message}`;
    throw new AriError("unexpected", operation, 0, reason);
  }
}

/** ari-client's client as far as it is used: operations by resource and nickname. */
type AriClient = Readonly<
  Record<string, Readonly<Record<string, (params: object) => PromiseLike<unknown>>> | undefined>
>;

function withDeadline(signal?: AbortSignal): AbortSignal {
  const deadline = AbortSignal.timeout(COMMAND_DEADLINE_MS);
  return signal ? AbortSignal.any([signal, deadline]) : deadline;
}

/** `channels.answer /channels/ab12/answer`: a path names only ids, never a number or a secret. */
function describe(
  { resource, operation, path }: Command<unknown>,
  params: Readonly<Record<string, unknown>>,
): string {
  const target = path.replace(/\{(\w+)\}/g, (_, name) => String(params[name]));
  return `${resource}.${operation} ${target}`;
}
