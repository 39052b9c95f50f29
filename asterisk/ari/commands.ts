// Commands to the PBX, with types, deadlines and errors one can act on.

import type { MediaAddress } from "../../media/transport.ts";
import { AriClient, describeCommand } from "./client.ts";
import { COMMANDS } from "./command_table.ts";
import { AriError, unlessGone } from "./error.ts";
import {
  type ChannelOffer,
  externalMediaParams,
  MEDIA_VARIABLES,
  mediaAddress,
} from "./external_media.ts";
import type { AriAddress } from "./http.ts";
import type {
  Application,
  AsteriskInfo,
  Bridge,
  Channel,
  LiveRecording,
  Module,
  Playback,
  StoredRecording,
} from "./models.ts";

/** Reason for a hang-up, in ARI's words (`DELETE /channels/{id}?reason=`). */
export type HangUpReason = "normal" | "busy" | "congestion" | "no_answer" | "timeout" | "rejected";

/** Where a channel continues in the dialplan. */
export interface DialplanPlace {
  readonly context: string;
  readonly extension: string;
  readonly priority: number;
}

/** An external media channel and the address of its audio. */
export interface ExternalMedia {
  readonly channel: Channel;
  readonly address: MediaAddress;
}

/**
 * Commands to one PBX. Each resolves on 2xx and otherwise rejects with an `AriError`, or with the
 * signal's reason when its `signal` aborts. They survive a restart of the PBX.
 */
export class AriCommands implements Disposable {
  readonly #client: AriClient;
  readonly #url: string;

  private constructor(client: AriClient, url: string) {
    this.#client = client;
    this.#url = url;
  }

  /** Asks whether the PBX takes these credentials. Errors as of `AriClient.open`. */
  static async open(address: AriAddress, signal?: AbortSignal): Promise<AriCommands> {
    return new AriCommands(await AriClient.open(address, signal), address.url);
  }

  /** Answers the call. */
  async answer(channelId: string, signal?: AbortSignal): Promise<void> {
    await this.#client.run(COMMANDS.answer, { channelId }, signal);
  }

  async hangUp(channelId: string, reason: HangUpReason = "normal", signal?: AbortSignal) {
    await this.#client.run(COMMANDS.hangUp, { channelId, reason }, signal);
  }

  /** All channels of the PBX, ours or not. */
  channels(signal?: AbortSignal): Promise<Channel[]> {
    return this.#client.run(COMMANDS.channels, {}, signal);
  }

  /**
   * Makes a channel whose audio travels as `offer` says: by default slin16 over a websocket that
   * the PBX serves. It enters `app` as any channel does: bridge it after its own StasisStart (422
   * before). A websocket channel waits for its client without end: set a deadline and hang it up.
   */
  async externalMedia(
    channelId: string,
    app: string,
    signal?: AbortSignal,
    offer: ChannelOffer = { kind: "websocket" },
  ): Promise<ExternalMedia> {
    const params = { channelId, app, ...externalMediaParams(offer) };
    const channel = await this.#client.run(COMMANDS.externalMedia, params, signal);
    const address = mediaAddress(offer, channel, this.#url);
    if (!address) {
      throw new AriError(
        "unexpected",
        describeCommand(COMMANDS.externalMedia, {}),
        0,
        `the answer names no ${MEDIA_VARIABLES[offer.kind]} for channel ${channelId}`,
      );
    }
    return { channel, address };
  }

  /** A channel variable; undefined when it is unset. */
  async variable(
    channelId: string,
    variable: string,
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    try {
      return (await this.#client.run(COMMANDS.variable, { channelId, variable }, signal)).value;
    } catch (error) {
      // A channel that is gone is answered 404, too: only the text tells the two apart.
      const unset = error instanceof AriError && error.gone && /variable/i.test(error.reason);
      if (unset) return undefined;
      throw error;
    }
  }

  async setVariable(channelId: string, variable: string, value: string, signal?: AbortSignal) {
    await this.#client.run(COMMANDS.setVariable, { channelId, variable, value }, signal);
  }

  /** Sends the channel out of our application into the dialplan. */
  async continueInDialplan(channelId: string, place: DialplanPlace, signal?: AbortSignal) {
    await this.#client.run(COMMANDS.continueInDialplan, { channelId, ...place }, signal);
  }

  /** Moves the live channel to another Stasis application, which gets a StasisStart. */
  async moveToApp(channelId: string, app: string, appArgs?: string, signal?: AbortSignal) {
    await this.#client.run(COMMANDS.moveToApp, { channelId, app, appArgs }, signal);
  }

  /** Presses keys (0-9, *, #, A-D) towards the channel's far end. */
  async sendDtmf(channelId: string, dtmf: string, signal?: AbortSignal): Promise<void> {
    await this.#client.run(COMMANDS.sendDtmf, { channelId, dtmf }, signal);
  }

  /**
   * Plays a sound (`sound:hello-world`, `tone:ring`…) to the channel. We choose the id, because
   * PlaybackFinished can overtake the answer that would name it.
   */
  play(
    channelId: string,
    playbackId: string,
    media: string,
    lang?: string,
    signal?: AbortSignal,
  ): Promise<Playback> {
    return this.#client.run(COMMANDS.play, { channelId, playbackId, media, lang }, signal);
  }

  /** Stops a playback. One that has ended or is ending (404, 409) counts as stopped. */
  async stopPlayback(playbackId: string, signal?: AbortSignal): Promise<void> {
    try {
      await this.#client.run(COMMANDS.stopPlayback, { playbackId }, signal);
    } catch (error) {
      const over = error instanceof AriError && (error.gone || error.status === 409);
      if (!over) throw error;
    }
  }

  /** Pauses a playback, or resumes it. */
  async controlPlayback(
    playbackId: string,
    operation: "pause" | "unpause",
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#client.run(COMMANDS.controlPlayback, { playbackId, operation }, signal);
  }

  /** Sends silence to the channel until a playback begins. */
  async startSilence(channelId: string, signal?: AbortSignal): Promise<void> {
    await this.#client.run(COMMANDS.startSilence, { channelId }, signal);
  }

  /**
   * Plays the PBX's music on hold to the channel, until it is stopped or something else is played.
   * Succeeds also where the PBX has no music: the channel then hears nothing.
   */
  async startMoh(channelId: string, signal?: AbortSignal): Promise<void> {
    await this.#client.run(COMMANDS.startMoh, { channelId }, signal);
  }

  /** Stops the music; without any it does nothing. */
  async stopMoh(channelId: string, signal?: AbortSignal): Promise<void> {
    await this.#client.run(COMMANDS.stopMoh, { channelId }, signal);
  }

  /** Makes a channel that hears the far end of `channelId`; it enters `app`. */
  snoop(channelId: string, snoopId: string, app: string, signal?: AbortSignal): Promise<Channel> {
    return this.#client.run(COMMANDS.snoop, { channelId, snoopId, app, spy: "in" }, signal);
  }

  /**
   * Records a channel that is in no bridge to `<name>.<format>` among the PBX's recordings, and
   * overwrites that file. Resolves when the PBX has accepted the command; RecordingStarted follows.
   */
  record(
    channelId: string,
    name: string,
    format: string,
    signal?: AbortSignal,
  ): Promise<LiveRecording> {
    return this.#client.run(
      COMMANDS.record,
      { channelId, name, format, ifExists: "overwrite" },
      signal,
    );
  }

  /**
   * Removes a recording's file, and stops the recording if it still runs. One that has ended, as it
   * does when its channel hangs up, is stored and no longer live (404); Asterisk keeps its file until
   * it is told to delete that (res/ari/resource_recordings.c).
   */
  async discardRecording(recordingName: string, signal?: AbortSignal): Promise<void> {
    const stopped = this.#client.run(COMMANDS.discardRecording, { recordingName }, signal);
    if (await unlessGone(stopped.then(() => true))) return;
    await this.deleteStoredRecording(recordingName, signal);
  }

  /** Whether a recording of this name is being made, or about to begin. */
  async isRecording(recordingName: string, signal?: AbortSignal): Promise<boolean> {
    const live = this.#client.run(COMMANDS.liveRecording, { recordingName }, signal);
    return await unlessGone(live) !== undefined;
  }

  /** The files of all recordings on the PBX, ours or not, those that still grow included. */
  storedRecordings(signal?: AbortSignal): Promise<StoredRecording[]> {
    return this.#client.run(COMMANDS.storedRecordings, {}, signal);
  }

  /** Removes a recording's file; none (404) is no failure. */
  async deleteStoredRecording(recordingName: string, signal?: AbortSignal): Promise<void> {
    await unlessGone(this.#client.run(COMMANDS.deleteStoredRecording, { recordingName }, signal));
  }

  /** Creates a mixing bridge with this id. @throws {AriError} `conflict` when the id is taken. */
  createBridge(bridgeId: string, signal?: AbortSignal): Promise<Bridge> {
    return this.#client.run(
      COMMANDS.createBridge,
      { bridgeId, type: "mixing", name: bridgeId },
      signal,
    );
  }

  /** Destroys a bridge; its channels stay up. */
  async destroyBridge(bridgeId: string, signal?: AbortSignal): Promise<void> {
    await this.#client.run(COMMANDS.destroyBridge, { bridgeId }, signal);
  }

  /** All bridges of the PBX, ours or not. */
  bridges(signal?: AbortSignal): Promise<Bridge[]> {
    return this.#client.run(COMMANDS.bridges, {}, signal);
  }

  async addToBridge(bridgeId: string, channel: string, signal?: AbortSignal): Promise<void> {
    await this.#client.run(COMMANDS.addToBridge, { bridgeId, channel }, signal);
  }

  /**
   * An application and what it holds.
   *
   * @throws {AriError} `gone` when nobody is registered for it.
   */
  application(applicationName: string, signal?: AbortSignal): Promise<Application> {
    return this.#client.run(COMMANDS.application, { applicationName }, signal);
  }

  /** Version and identity of the PBX. */
  info(signal?: AbortSignal): Promise<AsteriskInfo> {
    return this.#client.run(COMMANDS.info, { only: "system" }, signal);
  }

  /** A variable of the whole PBX, such as `ASTSPOOLDIR`; empty when it is unset. */
  async globalVariable(variable: string, signal?: AbortSignal): Promise<string> {
    return (await this.#client.run(COMMANDS.globalVariable, { variable }, signal)).value;
  }

  /** The modules the PBX has loaded. */
  modules(signal?: AbortSignal): Promise<Module[]> {
    return this.#client.run(COMMANDS.modules, {}, signal);
  }

  /** One file of the PBX's own description of ARI, such as `channels`. */
  apiDocs(resource: string, signal?: AbortSignal): Promise<unknown> {
    return this.#client.apiDocs(resource, signal);
  }

  /** Closes the connections kept to the PBX; commands under way are cut off. */
  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }
}
