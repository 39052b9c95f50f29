// The service's side of the files transport: executes a call isolate's requests over ARI, on the
// caller's channel and on a snoop channel beside it, which is recorded.

import { logger } from "../../config/logging.ts";
import { messageOf } from "../../runtime/error_text.ts";
import { TransportError } from "../transports/error.ts";
import {
  type FileControl,
  type FileEvents,
  RECORDING_FORMAT,
} from "../transports/files/files_control.ts";
import type { AriCommands } from "./commands.ts";
import { AriError, unlessGone } from "./error.ts";
import type { AriEvent } from "./events.ts";

const log = logger("files");

/**
 * TALK_DETECT: the silence in ms that ends talking, and the mean sample level that counts as
 * talking.
 */
const TALK_DETECT = "500,256";

/** The commands that the files transport needs. */
export type FileCommands = Pick<
  AriCommands,
  | "play"
  | "controlPlayback"
  | "stopPlayback"
  | "setVariable"
  | "snoop"
  | "record"
  | "discardRecording"
  | "startSilence"
  | "hangUp"
>;

/** The channels of one call. */
export interface FileChannels {
  /** The caller's channel; in no bridge while files carry the audio. */
  readonly channelId: string;
  /**
   * Id for the channel that listens to the caller's. It enters `app` like any channel, and is no
   * call.
   */
  readonly snoopId: string;
  readonly app: string;
}

/** One call's playbacks and recording, for the life of its isolate. */
export class AriFileControl implements FileControl, AsyncDisposable {
  readonly #ari: FileCommands;
  readonly #channels: FileChannels;
  readonly #playbacks = new Set<string>();
  readonly #snoopUp = Promise.withResolvers<void>();
  #recording: { readonly name: string; readonly begun: PromiseWithResolvers<void> } | undefined;
  #events: FileEvents | undefined;
  /**
   * TALK_DETECT takes a channel for talking until it hears silence: only after that is a start an
   * onset.
   */
  #wasQuiet = false;

  constructor(ari: FileCommands, channels: FileChannels) {
    this.#ari = ari;
    this.#channels = channels;
  }

  listen(events: FileEvents): void {
    this.#events = events;
  }

  /** Takes every event of the application, and acts on those of this call. */
  onEvent(event: AriEvent): void {
    switch (event.type) {
      case "StasisStart":
        if (event.channel.id === this.#channels.snoopId) this.#snoopUp.resolve();
        return;
      case "PlaybackStarted":
        if (this.#playbacks.has(event.playback.id)) {
          this.#events?.onPlaybackStarted(event.playback.id);
        }
        return;
      case "PlaybackFinished":
        if (!this.#playbacks.delete(event.playback.id)) return;
        this.#keepAlive();
        return this.#events?.onPlaybackFinished(event.playback.id);
      case "RecordingStarted":
        if (event.recording.name === this.#recording?.name) this.#recording.begun.resolve();
        return;
      case "RecordingFailed":
      case "RecordingFinished":
        if (event.recording.name !== this.#recording?.name) return;
        return this.#recordingEnded(event.recording.cause ?? "the PBX stopped recording");
      case "ChannelTalkingStarted":
        if (event.channel.id === this.#channels.channelId && this.#wasQuiet) {
          this.#events?.onTalking(true);
        }
        return;
      case "ChannelTalkingFinished":
        if (event.channel.id !== this.#channels.channelId) return;
        this.#wasQuiet = true;
        return this.#events?.onTalking(false);
    }
  }

  async play(playbackId: string, media: string): Promise<void> {
    this.#playbacks.add(playbackId);
    try {
      await this.#ari.play(this.#channels.channelId, playbackId, media);
    } catch (error) {
      this.#playbacks.delete(playbackId);
      throw error;
    }
  }

  async pause(playbackId: string): Promise<void> {
    await this.#ari.controlPlayback(playbackId, "pause");
  }

  async resume(playbackId: string): Promise<void> {
    await this.#ari.controlPlayback(playbackId, "unpause");
  }

  async stop(playbackId: string): Promise<void> {
    await this.#ari.stopPlayback(playbackId);
  }

  async record(name: string): Promise<void> {
    const { channelId, snoopId, app } = this.#channels;
    const begun = Promise.withResolvers<void>();
    this.#recording = { name, begun };
    await this.#ari.setVariable(channelId, "TALK_DETECT(set)", TALK_DETECT);
    await this.#ari.snoop(channelId, snoopId, app);
    await this.#snoopUp.promise;
    try {
      await this.#ari.record(snoopId, name, RECORDING_FORMAT);
    } catch (error) {
      throw new TransportError(
        `the PBX refuses to record the caller (${messageOf(error)}); check that its folder ` +
          "of recordings (<astspooldir>/recording) exists and that format_sln is loaded",
        { cause: error },
      );
    }
    await begun.promise;
    this.#keepAlive();
  }

  async discard(name: string): Promise<void> {
    this.#recording = undefined;
    await this.#ari.discardRecording(name);
  }

  /** Stops playback and recording, and hangs the snoop channel up. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#events = undefined;
    const recording = this.#recording;
    await Promise.all([...this.#playbacks].map((id) => this.stop(id)));
    if (recording) await this.discard(recording.name);
    await unlessGone(this.#ari.hangUp(this.#channels.snoopId));
  }

  #recordingEnded(detail: string): void {
    this.#recording?.begun.reject(
      new TransportError(`the PBX does not record the caller: ${detail}`),
    );
    this.#recording?.begun.promise.catch(() => {});
    this.#events?.onRecordingEnded(detail);
  }

  /** Sends silence while nothing plays: many phones and trunks drop a leg without RTP. */
  #keepAlive(): void {
    this.#ari.startSilence(this.#channels.channelId).catch((error) => {
      if (!(error instanceof AriError && error.gone)) {
        log.warn("silence cannot be sent: the caller's phone may drop the call", {
          channel: this.#channels.channelId,
          error,
        });
      }
    });
  }
}
