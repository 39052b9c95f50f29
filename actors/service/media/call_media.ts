// One isolate's audio on the PBX, as the service sees it: the channel that carries it, or with files
// the playbacks and the recording. Made anew for each isolate; nothing here touches audio.

import {
  type AriCommands,
  type AriEvent,
  AriFileControl,
  type FileCommands,
  unlessGone,
} from "../../../asterisk/ari/mod.ts";
import { logger } from "../../../config/logging.ts";
import type { MediaAddress, MediaOffer, MediaPlan } from "../../../media/transport.ts";
import type { Gate } from "../ari_gate.ts";
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
  readonly app: string;
  readonly callId: string;
  /** The caller's channel. */
  readonly channelId: string;
  /** The call's bridge. */
  readonly bridgeId: string;
  /** The deadline for isolate and PBX to connect. */
  readonly timeoutMs: number;
  /** Aborts when the call is over. */
  readonly signal: AbortSignal;
}

/** Whether caller and bot meet in a bridge; files are played and recorded beside one. */
export function needsBridge({ kind }: MediaPlan): boolean {
  return kind !== "files";
}

/** The audio of one isolate. Dispose it when the isolate is gone. */
export class CallMedia implements AsyncDisposable {
  /** The channel on the PBX that is ours: it carries the audio, or listens to the caller. */
  readonly id: string;
  readonly #plan: MediaPlan;
  readonly #options: CallMediaOptions;
  /** What the PBX is asked for. */
  readonly #offer = Promise.withResolvers<MediaOffer>();
  /** Where the isolate finds its audio. */
  readonly #address: Promise<MediaAddress>;
  /** The PBX has the channel in our application. */
  readonly #up = Promise.withResolvers<void>();
  /** The PBX has told that the channel is in the bridge. */
  readonly #bridged = Promise.withResolvers<void>();
  #asked = false;
  #files: AriFileControl | undefined;
  #isolate: CallIsolate | undefined;

  /** Asks the PBX for the audio as soon as it is known what to ask for: where the PBX listens, now. */
  constructor(plan: MediaPlan, options: CallMediaOptions) {
    this.#plan = plan;
    this.#options = options;
    // Never an id a second time: Asterisk 22.10.1 dies of an external media channel whose id is taken.
    this.id = `${options.bridgeId}-${crypto.randomUUID().slice(0, 8)}`;
    if (plan.kind === "websocket" || plan.kind === "files") {
      this.#offer.resolve({ kind: plan.kind });
    }
    this.#address = this.#make();
    this.#address.catch(() => {});
  }

  /**
   * Joins the caller and an isolate that has been assigned the call.
   *
   * @param onMessage is given what the isolate tells that is not about media, from now on.
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
      // Answered even when the call is over: the isolate tidies up.
      else if (message.kind === "files") void this.#carryOut(isolate, message);
      else onMessage(message);
    });
    await this.#inTime(isolate, "the isolate made no media ready", this.#offer.promise);
    isolate.post({ kind: "media", address: await this.#address });
    await this.#inTime(
      isolate,
      `no ${this.#plan.kind} media: check the PBX's log and run the doctor`,
      Promise.all([opened.promise, this.#up.promise]),
    );
    if (!needsBridge(this.#plan)) return;
    const added = ari.run((commands) => commands.addToBridge(bridgeId, this.id, signal), signal);
    // Whichever tells first: a PBX whose replies are slow need not keep the caller waiting.
    await Promise.race([added, this.#bridged.promise]);
    added.catch((error) =>
      log.debug("told to be in the bridge, and then not", { call: this.#options.callId, error })
    );
  }

  /** To be told of every event of the application. */
  onEvent(event: AriEvent): void {
    if (event.type === "StasisStart" && event.channel.id === this.id) this.#up.resolve();
    if (event.type === "ChannelEnteredBridge" && event.channel?.id === this.id) {
      this.#bridged.resolve();
    }
    this.#files?.onEvent(event);
  }

  /** Takes what is left of it off the PBX. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#asked) return;
    const { ari, callId } = this.#options;
    await this.#address.catch(() => {});
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
      isolate.post({ kind: "files_done", seq, error: (error as Error).message });
    }
  }

  /** Waits for `work`, but no longer than the deadline, the call, or the isolate lives. */
  async #inTime(isolate: CallIsolate, otherwise: string, work: Promise<unknown>): Promise<void> {
    const { timeoutMs, signal } = this.#options;
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`not within ${timeoutMs} ms: ${otherwise}`)),
      timeoutMs,
    );
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    const died = isolate.exited.then((reason) => {
      throw new Error(`the isolate died while connecting (${reason}): ${isolate.detail}`);
    });
    try {
      await Promise.race([work, promise, died]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      died.catch(() => {});
    }
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
