// One playback at the PBX, from the request to the report of its end.

import { logger } from "../../../config/logging.ts";
import type { TimeSource } from "../../../media/playout/frame_clock.ts";
import type { FileControl } from "./files_control.ts";
import { phraseName } from "./phrase_files.ts";

const log = logger("files");

/** The PBX has this long to begin a playback, and to report its end after its audio has run out. */
const REPORT_DEADLINE_MS = 3000;

/** Where one playback stands, and the commands to it. */
export class Playback {
  readonly id: string = phraseName();
  readonly #lengthMs: number;
  readonly #control: FileControl;
  readonly #time: TimeSource;
  readonly #ended = Promise.withResolvers<void>();
  /** Commands are sent one after another: a stop must not overtake its play. */
  #commands: Promise<void> = Promise.resolve();
  #askedAt: number;
  #startedAt: number | undefined;
  #pausedAt: number | undefined;
  #pausedMs = 0;
  #stopped = false;

  /** @param lengthMs the length of the audio. */
  constructor(lengthMs: number, control: FileControl, time: TimeSource) {
    this.#lengthMs = lengthMs;
    this.#control = control;
    this.#time = time;
    this.#askedAt = time.now();
  }

  /** Resolves once `end` is called. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get hasStarted(): boolean {
    return this.#startedAt !== undefined;
  }

  /** `stop` was called: later reports say nothing about the phrase. */
  get isStopped(): boolean {
    return this.#stopped;
  }

  /** How much of the audio has been played. */
  get heardMs(): number {
    if (this.#startedAt === undefined) return 0;
    return (this.#pausedAt ?? this.#time.now()) - this.#startedAt - this.#pausedMs;
  }

  /** How much of the audio remains to be played. */
  get remainingMs(): number {
    return Math.max(0, this.#lengthMs - this.heardMs);
  }

  /** The PBX has not reported the playback's start or end in time. */
  get isOverdue(): boolean {
    if (this.#pausedAt !== undefined && !this.#stopped) return false;
    const lateMs = this.hasStarted && !this.#stopped
      ? this.heardMs - this.#lengthMs
      : this.#time.now() - this.#askedAt;
    return lateMs > REPORT_DEADLINE_MS;
  }

  /**
   * Plays the media that `write` resolves to, unless `stop` comes first.
   *
   * @returns whether the PBX was asked to play it.
   * @throws as `write` does, or when the PBX refuses.
   */
  play(write: () => Promise<string>): Promise<boolean> {
    const asked = this.#play(write);
    this.#commands = asked.then(() => {}, () => {});
    return asked;
  }

  /** The PBX reports that it plays. */
  started(): void {
    this.#startedAt = this.#time.now();
  }

  pause(): void {
    this.#pausedAt = this.#time.now();
    this.#command(() => this.#control.pause(this.id));
  }

  /** Continues a paused playback. */
  resume(): void {
    if (this.#pausedAt === undefined) return;
    this.#pausedMs += this.#time.now() - this.#pausedAt;
    this.#pausedAt = undefined;
    this.#command(() => this.#control.resume(this.id));
  }

  /** Stops for good; resolves when the PBX has the command. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#command(() => this.#control.stop(this.id));
    await this.#commands;
    this.#askedAt = this.#time.now();
  }

  /** Nothing more is expected of the PBX. */
  end(): void {
    this.#ended.resolve();
  }

  async #play(write: () => Promise<string>): Promise<boolean> {
    const media = await write();
    if (this.#stopped) return false;
    this.#askedAt = this.#time.now();
    await this.#control.play(this.id, media);
    return true;
  }

  #command(run: () => Promise<void>): void {
    this.#commands = this.#commands.then(run).catch((error) => {
      // The playback may have ended meanwhile; its report or its deadline settles it in any case.
      log.debug("the PBX refused a command to a playback", { playback: this.id, error });
    });
  }
}
