// Plays a call's phrases through the PBX, one playback at a time: the next is asked for when the
// one before has ended, so that stopping one stops all.

import { messageOf } from "../../../runtime/error_text.ts";
import { logger } from "../../../config/logging.ts";
import { concatPcm, durationMs, type Pcm } from "../../../media/frame.ts";
import type { TimeSource } from "../../../media/playout/frame_clock.ts";
import type { FileControl } from "./files_control.ts";
import { type PhraseFiles, phraseName } from "./phrase_files.ts";

const log = logger("files");

/** A playback that reports its end less than this much of its length after its start was not heard. */
const LEAST_HEARD_FRACTION = 0.5;
/** A hang-up ends playbacks too: this long it may take until we are told of it. */
const HANGUP_NOTICE_MS = 500;
/** The PBX has this long to begin a playback, or to report its end once it must be over. */
const REPORT_DEADLINE_MS = 3000;

/** Who is told of what was played. */
export interface PlayerListener {
  onMark(markId: string): void;
  /** Nothing can be played any more. */
  onBroken(detail: string): void;
}

/** What became of the phrases. */
export interface PlayerStats {
  phrasesPlayed: number;
  /** Playbacks that ended far too early to have been heard. */
  phrasesInaudible: number;
  /** Playbacks whose start or end was never reported. */
  phrasesUnreported: number;
}

interface Phrase {
  readonly name: string;
  readonly pcm: Pcm;
  readonly lengthMs: number;
  /** Reported, once, when it begins: they stand before its audio. */
  readonly startMarks: string[];
  readonly endMark: string;
  attempts: number;
}

/** The one playback at the PBX, from the request to the report of its end. */
interface Playing {
  readonly phrase: Phrase;
  readonly playbackId: string;
  readonly ended: PromiseWithResolvers<void>;
  /** Commands go one after another: a stop must not overtake its play. */
  commands: Promise<void>;
  askedAt: number;
  startedAt?: number;
  pausedAt?: number;
  pausedMs: number;
  flushed: boolean;
  /** It ended too early; at this time, if no hang-up explains it, it counts as not heard. */
  judgeAt?: number;
}

/** See `MediaTransport` for the promises of its methods; `tick` is to be called every 20 ms or so. */
export class PhrasePlayer {
  readonly stats: PlayerStats = { phrasesPlayed: 0, phrasesInaudible: 0, phrasesUnreported: 0 };
  readonly #control: FileControl;
  readonly #files: PhraseFiles;
  readonly #listener: PlayerListener;
  readonly #retries: number;
  readonly #time: TimeSource;
  #gathered: Pcm[] = [];
  /** Marks that no audio stands before, as far as is known yet. */
  #leading: string[] = [];
  #queue: Phrase[] = [];
  #playing: Playing | undefined;
  #paused = false;
  #over = false;

  constructor(
    control: FileControl,
    files: PhraseFiles,
    listener: PlayerListener,
    options: { readonly retries: number; readonly time: TimeSource },
  ) {
    this.#control = control;
    this.#files = files;
    this.#listener = listener;
    this.#retries = options.retries;
    this.#time = options.time;
  }

  /** Whole phrases only: what is still being gathered cannot be played, so it fills no buffer. */
  get bufferedMs(): number {
    const waiting = this.#queue.reduce((ms, { lengthMs }) => ms + lengthMs, 0);
    const playing = this.#playing;
    if (!playing) return waiting;
    return waiting + Math.max(0, playing.phrase.lengthMs - this.#heardMs(playing));
  }

  send(pcm: Pcm): void {
    if (!this.#over && pcm.length > 0) this.#gathered.push(pcm);
  }

  endOfPhrase(markId: string): void {
    if (this.#over) return;
    if (this.#gathered.length === 0) {
      this.#leading.push(markId);
      return;
    }
    const pcm = concatPcm(this.#gathered);
    this.#queue.push({
      name: phraseName(),
      pcm,
      lengthMs: durationMs(pcm.length),
      startMarks: this.#leading,
      endMark: markId,
      attempts: 0,
    });
    this.#gathered = [];
    this.#leading = [];
    this.#playNext();
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    if (this.#playing?.startedAt !== undefined) this.#hold(this.#playing);
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    const playing = this.#playing;
    if (playing?.pausedAt !== undefined) {
      playing.pausedMs += this.#time.now() - playing.pausedAt;
      playing.pausedAt = undefined;
      this.#command(playing, () => this.#control.resume(playing.playbackId));
    }
    this.#playNext();
  }

  async flush(): Promise<void> {
    this.#gathered = [];
    this.#leading = [];
    this.#queue = [];
    this.#paused = false;
    const playing = this.#playing;
    if (!playing) return;
    if (!playing.flushed) {
      playing.flushed = true;
      this.#command(playing, () => this.#control.stop(playing.playbackId));
      await playing.commands;
      playing.askedAt = this.#time.now();
      if (playing.judgeAt !== undefined) this.#end(playing);
    }
    await playing.ended.promise;
  }

  onStarted(playbackId: string): void {
    const playing = this.#playing;
    if (playing?.playbackId !== playbackId || playing.startedAt !== undefined) return;
    playing.startedAt = this.#time.now();
    if (playing.flushed) return;
    if (this.#paused) this.#hold(playing);
    for (const markId of playing.phrase.startMarks.splice(0)) this.#listener.onMark(markId);
  }

  onFinished(playbackId: string): void {
    const playing = this.#playing;
    if (playing?.playbackId !== playbackId) return;
    const heardMs = this.#heardMs(playing);
    if (playing.flushed) return this.#end(playing);
    if (heardMs >= playing.phrase.lengthMs * LEAST_HEARD_FRACTION) return this.#heard(playing);
    playing.judgeAt = this.#time.now() + HANGUP_NOTICE_MS;
  }

  tick(): void {
    const now = this.#time.now();
    const playing = this.#playing;
    if (!playing) {
      if (this.#queue.length > 0 || this.#gathered.length > 0 || this.#leading.length === 0) return;
      for (const markId of this.#leading.splice(0)) this.#listener.onMark(markId);
    } else if (playing.judgeAt !== undefined) {
      if (now >= playing.judgeAt) this.#notHeard(playing);
    } else if (this.#overdue(playing, now)) {
      this.#unreported(playing);
    }
  }

  /** Stops playing for good. */
  async close(): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    this.#queue = [];
    const playing = this.#playing;
    if (!playing) return;
    playing.flushed = true;
    this.#command(playing, () => this.#control.stop(playing.playbackId));
    await playing.commands;
    this.#end(playing);
  }

  #playNext(): void {
    if (this.#playing || this.#paused || this.#over) return;
    const phrase = this.#queue.shift();
    if (!phrase) return;
    const playing: Playing = {
      phrase,
      playbackId: phraseName(),
      ended: Promise.withResolvers(),
      commands: Promise.resolve(),
      askedAt: this.#time.now(),
      pausedMs: 0,
      flushed: false,
    };
    this.#playing = playing;
    playing.commands = this.#begin(playing);
  }

  async #begin(playing: Playing): Promise<void> {
    const { phrase, playbackId } = playing;
    phrase.attempts++;
    try {
      const media = await this.#files.write(phrase.name, phrase.pcm);
      if (playing.flushed) return this.#end(playing);
      playing.askedAt = this.#time.now();
      await this.#control.play(playbackId, media);
    } catch (error) {
      this.#end(playing);
      if (!playing.flushed) this.#listener.onBroken(messageOf(error));
    }
  }

  #hold(playing: Playing): void {
    playing.pausedAt = this.#time.now();
    this.#command(playing, () => this.#control.pause(playing.playbackId));
  }

  #command(playing: Playing, run: () => Promise<void>): void {
    playing.commands = playing.commands.then(run).catch((error) => {
      // The playback may have ended meanwhile; whatever it is, its report or its deadline settles it.
      log.debug("a playback did not take a command", { playback: playing.playbackId, error });
    });
  }

  #heardMs({ startedAt, pausedAt, pausedMs }: Playing): number {
    return startedAt === undefined ? 0 : (pausedAt ?? this.#time.now()) - startedAt - pausedMs;
  }

  #overdue(playing: Playing, now: number): boolean {
    if (playing.pausedAt !== undefined && !playing.flushed) return false;
    const begun = playing.startedAt !== undefined && !playing.flushed;
    const lateMs = begun ? this.#heardMs(playing) - playing.phrase.lengthMs : now - playing.askedAt;
    return lateMs > REPORT_DEADLINE_MS;
  }

  #heard(playing: Playing): void {
    this.stats.phrasesPlayed++;
    this.#end(playing);
    this.#listener.onMark(playing.phrase.endMark);
  }

  #notHeard(playing: Playing): void {
    this.stats.phrasesInaudible++;
    const { phrase } = playing;
    const detail =
      `a phrase of ${Math.round(phrase.lengthMs)} ms ended at once: the PBX could not ` +
      `play ${this.#files.folder}/*.wav; check that this is where it looks for sounds ` +
      "(ASTERISK_SOUNDS_DIR, ASTERISK_LANG), that its user can read them, and that format_wav is loaded";
    log.error(detail, { attempt: phrase.attempts });
    this.#again(playing, detail);
  }

  #unreported(playing: Playing): void {
    this.stats.phrasesUnreported++;
    const { playbackId, phrase, startedAt, flushed } = playing;
    log.warn("the PBX did not report a playback's end", { playback: playbackId });
    this.#command(playing, () => this.#control.stop(playbackId));
    if (flushed) this.#end(playing);
    // Reports are lost while ARI reconnects: what had begun has been played by now.
    else if (startedAt !== undefined) this.#heard(playing);
    else this.#again(playing, `a phrase of ${Math.round(phrase.lengthMs)} ms was never begun`);
  }

  #again(playing: Playing, detail: string): void {
    if (playing.phrase.attempts > this.#retries) {
      this.#end(playing);
      return this.#listener.onBroken(detail);
    }
    this.#queue.unshift(playing.phrase);
    this.#end(playing);
  }

  #end(playing: Playing): void {
    if (this.#playing !== playing) return;
    this.#playing = undefined;
    playing.ended.resolve();
    if (!this.#queue.includes(playing.phrase)) void this.#files.remove(playing.phrase.name);
    this.#playNext();
  }
}
