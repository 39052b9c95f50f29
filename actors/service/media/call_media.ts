// One isolate's audio on the PBX as the service sees it: the channel that carries it or, with files,
// the playbacks and the recording. Each isolate gets its own; nothing here touches audio.

import {
  type AriCommands,
  type AriEvent,
  AriFileControl,
  type FileCommands,
  unlessGone,
} from "../../../asterisk/ari/mod.ts";
import { logger } from "../../../config/logging.ts";
import type { MediaAddress, MediaOffer, MediaPlan } from "../../../media/transport.ts";
import { messageOf } from "../../../runtime/error_text.ts";
import { abortable, within } from "../../../runtime/waiting.ts";
import type { Gate } from "../ari_gate.ts";
import { newMediaChannel } from "../calls/pbx_names.ts";
import type { CallIsolate } from "../isolates/pooled_isolate.ts";
import type { FileEvent, FileRequest, ToMedia, ToSession } from "../../messages.ts";

const log = logger("media");

/** The commands that a call's media need. */
export type MediaCommands =
  & FileCommands
  & Pick<AriCommands, "addToBridge" | "externalMedia" | "hangUp">;

/** Whose audio it is. */
export interface CallMediaOptions {
  readonly ari: Gate<MediaCommands>;
  /** Our Stasis application. */
  readonly app: string;
  readonly callId: string;
  /** The caller's channel. */
  readonly channelId: string;
  /** The call's bridge. */
  readonly bridgeId: string;
  /** The deadline for each end, isolate and PBX, to connect. */
  readonly timeoutMs: number;
  /** Aborts when the call is over. */
  readonly signal: AbortSignal;
}

/** Whether caller and bot meet in a bridge; files are played and recorded without one. */
export function needsBridge({ kind }: MediaPlan): boolean {
  return kind !== "files";
}

/** The audio of one isolate. Dispose it when the isolate is gone. */
export class CallMedia implements AsyncDisposable {
  /** Our channel on the PBX: it carries the audio, or listens to the caller. */
  readonly id: string;
  readonly #plan: MediaPlan;
  readonly #options: CallMediaOptions;
  /** What the isolate wants from the PBX. */
  readonly #offer = Promise.withResolvers<MediaOffer>();
  /** Where the isolate finds its audio. */
  readonly #address = Promise.withResolvers<MediaAddress>();
  /** Our channel has entered our application. */
  readonly #up = Promise.withResolvers<void>();
  /** The PBX has reported our channel in the bridge. */
  readonly #bridged = Promise.withResolvers<void>();
  /** The PBX may have something of ours. */
  #requested = false;
  #files: AriFileControl | undefined;
  #isolate: CallIsolate | undefined;

  private constructor(plan: MediaPlan, options: CallMediaOptions) {
    this.#plan = plan;
    this.#options = options;
    // A new id each time: Asterisk 22.10.1 crashes on an external media channel whose id is taken.
    this.id = newMediaChannel(options.bridgeId);
    this.#address.promise.catch(() => {});
  }

  /**
   * Requests the audio from the PBX as soon as the offer is known: immediately where the PBX is the
   * one that listens, else once the isolate listens.
   */
  static start(plan: MediaPlan, options: CallMediaOptions): CallMedia {
    const media = new CallMedia(plan, options);
    if (plan.kind === "websocket" || plan.kind === "files") {
      media.#offer.resolve({ kind: plan.kind });
    }
    media.#request().then(media.#address.resolve, media.#address.reject);
    return media;
  }

  /**
   * Joins the caller and an isolate that has been assigned the call.
   *
   * @param onMessage receives, from now on, what the isolate reports that does not concern media.
   * @throws {AriError} when the PBX refuses.
   * @throws when isolate or PBX do not connect in time, or the isolate dies.
   */
  async connect(isolate: CallIsolate, onMessage: (message: ToSession) => void): Promise<void> {
    const { ari, bridgeId, signal } = this.#options;
    const opened = Promise.withResolvers<void>();
    this.#isolate = isolate;
    isolate.listen((message) => {
      if (message.kind === "media_offer") this.#offer.resolve(message.offer);
      else if (message.kind === "media_open") opened.resolve();
      // Answered even when the call is over: the isolate is tidying up.
      else if (message.kind === "files") void this.#carryOut(isolate, message);
      else onMessage(message);
    });
    await this.#inTime(isolate, this.#offer.promise, "the isolate made no media ready");
    isolate.post({ kind: "media", address: await this.#address.promise });
    await this.#inTime(
      isolate,
      Promise.all([opened.promise, this.#up.promise]),
      `no ${this.#plan.kind} media: check the PBX's log and run the doctor`,
    );
    if (!needsBridge(this.#plan)) return;
    const added = ari.run((commands) => commands.addToBridge(bridgeId, this.id, signal), signal);
    // Whichever comes first: a PBX that replies slowly must not keep the caller waiting.
    await Promise.race([added, this.#bridged.promise]);
    added.catch((error) =>
      log.debug("media channel was reported in the bridge, yet adding it failed", {
        call: this.#options.callId,
        error,
      })
    );
  }

  /** Takes every event about our channel or the caller's. */
  onEvent(event: AriEvent): void {
    if (event.type === "StasisStart" && event.channel.id === this.id) this.#up.resolve();
    if (event.type === "ChannelEnteredBridge" && event.channel?.id === this.id) {
      this.#bridged.resolve();
    }
    this.#files?.onEvent(event);
  }

  /** Removes what is left of it from the PBX. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#requested) return;
    const { ari, callId } = this.#options;
    await this.#address.promise.catch(() => {});
    try {
      if (this.#files) await this.#files[Symbol.asyncDispose]();
      else await unlessGone(ari.run((commands) => commands.hangUp(this.id)));
    } catch (error) {
      log.error("media channel could not be hung up", { call: callId, channel: this.id, error });
    }
  }

  async #request(): Promise<MediaAddress> {
    const offer = await this.#offer.promise;
    const { ari, app, signal } = this.#options;
    this.#requested = true;
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

  /** The caller's channel plays and is recorded; our channel, made on demand, only listens to it. */
  #control(commands: MediaCommands): Promise<void> {
    const { channelId, app } = this.#options;
    const tell = (event: FileEvent) => this.#isolate?.post({ kind: "files_event", event });
    this.#files = new AriFileControl(commands, { channelId, snoopId: this.id, app });
    this.#files.listen({
      onPlaybackStarted: (playbackId) => tell({ what: "playback_started", playbackId }),
      onPlaybackFinished: (playbackId) => tell({ what: "playback_finished", playbackId }),
      onRecordingEnded: (detail) => tell({ what: "recording_ended", detail }),
      onTalking: (talking) => tell({ what: "talking", talking }),
    });
    return Promise.resolve();
  }

  async #carryOut(
    isolate: CallIsolate,
    { seq, request }: Extract<ToMedia, { kind: "files" }>,
  ): Promise<void> {
    try {
      if (!this.#files) throw new TypeError(`${this.#plan.kind} carries the call, not files`);
      await perform(this.#files, request);
      isolate.post({ kind: "files_done", seq });
    } catch (error) {
      isolate.post({ kind: "files_done", seq, error: messageOf(error) });
    }
  }

  /** Waits for `work`, but no longer than the deadline, the call, or the isolate's life. */
  async #inTime(isolate: CallIsolate, work: Promise<unknown>, otherwise: string): Promise<void> {
    const { timeoutMs, signal } = this.#options;
    const died = isolate.exited.then((reason) => {
      throw new Error(`the isolate died while connecting (${reason}): ${isolate.detail}`);
    });
    await within(
      abortable(Promise.race([work, died]), signal),
      timeoutMs,
      () => new Error(`not within ${timeoutMs} ms: ${otherwise}`),
    );
  }
}

async function perform(files: AriFileControl, request: FileRequest): Promise<void> {
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
