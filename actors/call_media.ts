// One isolate's audio on the PBX, as the service sees it: the channel that carries it, or with files
// the playbacks and the recording. Made anew for each isolate; nothing here touches audio.

import {
  type AriCommands,
  type AriEvent,
  AriFileControl,
  unlessGone,
} from "../asterisk/ari/mod.ts";
import { logger } from "../config/logging.ts";
import type { MediaAddress, MediaOffer, MediaPlan } from "../media/transport.ts";
import type { AriGate } from "./ari_gate.ts";
import type { FileEvent, FileRequest } from "./messages.ts";

const log = logger("media");

/** Whose audio it is. */
export interface CallMediaOptions {
  readonly ari: AriGate;
  readonly app: string;
  readonly callId: string;
  /** The caller's channel. */
  readonly channelId: string;
  /** The call's bridge. */
  readonly bridgeId: string;
  /** Aborts when the call is over. */
  readonly signal: AbortSignal;
  /** The PBX reports something of the call's files. */
  onFileEvent(event: FileEvent): void;
}

/** Whether caller and bot meet in a bridge; files are played and recorded beside one. */
export function needsBridge({ kind }: MediaPlan): boolean {
  return kind !== "files";
}

/** The audio of one isolate. Dispose it when the isolate is gone. */
export class CallMedia implements AsyncDisposable {
  /** The channel on the PBX that is ours: it carries the audio, or listens to the caller. */
  readonly id: string;
  /** Where the isolate finds its audio; rejects with the PBX's refusal. */
  readonly address: Promise<MediaAddress>;
  readonly #plan: MediaPlan;
  readonly #options: CallMediaOptions;
  readonly #offer = Promise.withResolvers<MediaOffer>();
  readonly #up = Promise.withResolvers<void>();
  #asked = false;
  #files: AriFileControl | undefined;

  /** Asks the PBX for the audio as soon as it is known what to ask for: where the PBX listens, now. */
  constructor(plan: MediaPlan, options: CallMediaOptions) {
    this.#plan = plan;
    this.#options = options;
    // Never an id a second time: Asterisk 22.10.1 dies of an external media channel whose id is taken.
    this.id = `${options.bridgeId}-${crypto.randomUUID().slice(0, 8)}`;
    if (plan.kind === "websocket" || plan.kind === "files") this.offered({ kind: plan.kind });
    this.address = this.#make();
    this.address.catch(() => {});
  }

  /** The isolate has made this ready for the PBX. */
  offered(offer: MediaOffer): void {
    this.#offer.resolve(offer);
  }

  /** Resolves when it is known what to ask the PBX for. */
  get ready(): Promise<unknown> {
    return this.#offer.promise;
  }

  /** Resolves when the PBX has the channel in our application. */
  get up(): Promise<void> {
    return this.#up.promise;
  }

  /** To be told of every event of the application. */
  onEvent(event: AriEvent): void {
    if (event.type === "StasisStart" && event.channel.id === this.id) this.#up.resolve();
    this.#files?.onEvent(event);
  }

  /** Carries out what the isolate's files transport asks. @throws {AriError | TransportError} */
  async onFileRequest(request: FileRequest): Promise<void> {
    const files = this.#files;
    if (!files) throw new TypeError(`nobody is there to ${request.what} files`);
    switch (request.what) {
      case "play":
        return await files.play(request.playbackId, request.media);
      case "record":
      case "discard":
        return await files[request.what](request.name);
      default:
        return await files[request.what](request.playbackId);
    }
  }

  /** Joins caller and bot. */
  async join(): Promise<void> {
    if (!needsBridge(this.#plan)) return;
    const { ari, bridgeId, signal } = this.#options;
    await ari.run((commands) => commands.addToBridge(bridgeId, this.id, signal), signal);
  }

  /** Takes what is left of it off the PBX. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#asked) return;
    const { ari, callId } = this.#options;
    await this.address.catch(() => {});
    try {
      if (this.#files) await this.#files[Symbol.asyncDispose]();
      else await unlessGone(ari.run((commands) => commands.hangUp(this.id)));
    } catch (error) {
      log.error("media channel could not be hung up", { call: callId, channel: this.id, error });
    }
  }

  async #make(): Promise<MediaAddress> {
    const offer = await this.#offer.promise;
    const { ari, app, signal } = this.#options;
    this.#asked = true;
    if (offer.kind === "files") {
      await ari.runOnce((commands) => this.#control(commands), signal);
      this.#up.resolve();
      return { kind: "files" };
    }
    const media = await ari.runOnce(
      (commands) => commands.externalMedia(this.id, app, signal, offer),
      signal,
    );
    return media.address;
  }

  /** Playbacks and the recording go by the caller's channel; ours only listens, once it is asked for. */
  #control(commands: AriCommands): Promise<void> {
    const { channelId, app, onFileEvent } = this.#options;
    this.#files = new AriFileControl(commands, { channelId, snoopId: this.id, app });
    this.#files.listen({
      onPlaybackStarted: (playbackId) => onFileEvent({ what: "playback_started", playbackId }),
      onPlaybackFinished: (playbackId) => onFileEvent({ what: "playback_finished", playbackId }),
      onRecordingEnded: (detail) => onFileEvent({ what: "recording_ended", detail }),
      onTalking: (talking) => onFileEvent({ what: "talking", talking }),
    });
    return Promise.resolve();
  }
}
