// A call's audio where the PBX offers nothing better: it plays the bot's phrases from files, and we
// read the caller from a recording as it grows. Asterisk owns the playout clock.

import { join } from "node:path";
import { abortable } from "../../../runtime/waiting.ts";
import { messageOf } from "../../../runtime/error_text.ts";
import { logger } from "../../../config/logging.ts";
import type { LineStats } from "../../../media/line_stats.ts";
import { FrameClock, SYSTEM_TIME, type TimeSource } from "../../../media/playout/frame_clock.ts";
import type {
  MediaAddress,
  MediaHandlers,
  MediaListener,
  MediaPlan,
  MediaTransport,
} from "../../../media/transport.ts";
import { addressOf } from "../address.ts";
import { TransportError } from "../error.ts";
import { type FileControl, RECORDING_FORMAT, recordingName } from "./files_control.ts";
import { GrowingRecording } from "./growing_recording.ts";
import { PhraseFiles } from "./phrase_files.ts";
import { PhrasePlayer } from "./phrase_player.ts";

const log = logger("files");

type Plan = Extract<MediaPlan, { kind: "files" }>;

/** A hang-up ends the recording too, and may be reported this much later. */
const HANGUP_NOTICE_MS = 500;

/**
 * Checks that phrases can be written.
 *
 * @throws {FolderError} when they cannot; it says which folder, and what to set.
 */
export async function prepareFiles(
  plan: Plan,
  control: FileControl,
  time: TimeSource = SYSTEM_TIME,
): Promise<MediaListener> {
  return new FilesListener(
    plan,
    control,
    await PhraseFiles.open(plan.soundsDir, plan.language),
    time,
  );
}

class FilesListener implements MediaListener {
  readonly offer = { kind: "files" } as const;

  constructor(
    readonly plan: Plan,
    readonly control: FileControl,
    readonly files: PhraseFiles,
    readonly time: TimeSource,
  ) {}

  transport(address: MediaAddress): MediaTransport {
    addressOf("files", address);
    return new FilesTransport(this.plan, this.control, this.files, this.time);
  }

  /** A listener holds nothing: the files belong to the transport. */
  async [Symbol.asyncDispose](): Promise<void> {}
}

class FilesTransport implements MediaTransport {
  readonly kind = "files";
  readonly out: PhrasePlayer;
  readonly #control: FileControl;
  readonly #files: PhraseFiles;
  readonly #time: TimeSource;
  readonly #clock: FrameClock;
  readonly #recordingName = recordingName();
  readonly #recording: GrowingRecording;
  readonly #opened = Promise.withResolvers<void>();
  #handlers: MediaHandlers | undefined;
  #opening = false;
  #closeAt: { at: number; detail: string } | undefined;
  #over = false;

  constructor(plan: Plan, control: FileControl, files: PhraseFiles, time: TimeSource) {
    this.#control = control;
    this.#files = files;
    this.#time = time;
    this.#recording = new GrowingRecording(
      join(plan.recordingDir, `${this.#recordingName}.${RECORDING_FORMAT}`),
      time,
    );
    this.out = new PhrasePlayer(control, files, {
      onMark: (markId) => this.#handlers?.onMark(markId),
      onBroken: (detail) => this.#close(detail),
    }, { retries: plan.retries, time });
    this.#clock = new FrameClock(() => this.#tick(), time);
  }

  get stats(): LineStats {
    return { ...this.out.stats };
  }

  /** @throws {TransportError} when the recording cannot be read, or does not begin before `signal` aborts. */
  async open(handlers: MediaHandlers, signal: AbortSignal): Promise<void> {
    this.#handlers = handlers;
    this.#control.listen({
      onPlaybackStarted: (id) => this.out.onStarted(id),
      onPlaybackFinished: (id) => this.out.onFinished(id),
      onRecordingEnded: (detail) => this.#recordingEnded(detail),
      onTalking: (talking) => this.#handlers?.onTalking?.(talking),
    });
    try {
      await abortable(this.#control.record(this.#recordingName), signal);
      this.#opening = true;
      this.#clock.start();
      await abortable(this.#opened.promise, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new TransportError(
        "the PBX did not begin to record the caller in time; check that res_stasis_recording and " +
          "res_stasis_snoop are loaded and that ASTERISK_RECORDING_DIR is where the PBX records",
        { cause: signal.reason },
      );
    } finally {
      this.#opening = false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#handlers = undefined;
    this.#clock[Symbol.dispose]();
    await this.out.close();
    try {
      await this.#control.discard(this.#recordingName);
    } catch (error) {
      log.warn("the caller's recording may be left on the PBX", { error });
    }
    await this.#recording[Symbol.asyncDispose]();
    await this.#files[Symbol.asyncDispose]();
  }

  #tick(): void {
    if (this.#opening) return this.#tryToOpen();
    this.#recording.poll().catch((error) => this.#close(messageOf(error)));
    this.out.tick();
    if (this.#closeAt && this.#time.now() >= this.#closeAt.at) this.#close(this.#closeAt.detail);
  }

  #tryToOpen(): void {
    this.#opening = false;
    this.#recording.open((frame) => this.#handlers?.onFrame(frame)).then(
      (there) => {
        if (there) this.#opened.resolve();
        else this.#opening = !this.#over;
      },
      (error) => this.#opened.reject(error),
    );
  }

  #recordingEnded(detail: string): void {
    this.#closeAt ??= { at: this.#time.now() + HANGUP_NOTICE_MS, detail };
  }

  #close(detail: string): void {
    const handlers = this.#handlers;
    this.#handlers = undefined;
    this.#clock[Symbol.dispose]();
    handlers?.onClose("lost", detail);
  }
}
