// Plays a call's phrases through the PBX, one playback at a time: the next is requested when the
// previous one has ended, so that stopping one stops all.

import { logger } from "../../../config/logging.ts";
import type { AudioOutput } from "../../../media/audio_output.ts";
import { concatPcm, durationMs, type Pcm } from "../../../media/frame.ts";
import type { Counters } from "../../../media/line_stats.ts";
import type { TimeSource } from "../../../media/playout/frame_clock.ts";
import { messageOf } from "../../../runtime/error_text.ts";
import type { FileControl } from "./files_control.ts";
import { type PhraseFiles, phraseName } from "./phrase_files.ts";
import { Playback } from "./playback.ts";

const log = logger("files");

/** A playback that ends before this much of it was played was not heard. */
const LEAST_HEARD_FRACTION = 0.5;
/** A hang-up ends playbacks too, and may be reported this much later. */
const HANGUP_NOTICE_MS = 500;

/** Receives the outcome of the phrases. */
export interface PlayerListener {
  onMark(markId: string): void;
  /** Nothing can be played any more. */
  onBroken(detail: string): void;
}

/** What the player counts. */
export type PlayerStats = Counters<
  "phrasesPlayed" | "phrasesInaudible" | "phrasesUnreported"
>;

interface Phrase {
  readonly name: string;
  readonly pcm: Pcm;
  readonly lengthMs: number;
  /** Marks that precede its audio: reported once, when it begins. */
  readonly startMarks: string[];
  readonly endMark: string;
  attempts: number;
}

/** The one phrase at the PBX. */
interface Playing {
  readonly phrase: Phrase;
  readonly playback: Playback;
  /** Set when it ended too early: unless a hang-up explains it by this time, it was not heard. */
  judgeAt?: number;
}

/** The output of a line without audio of its own; call `tick` every 20 ms or so. */
export class PhrasePlayer implements AudioOutput {
  readonly stats: PlayerStats = { phrasesPlayed: 0, phrasesInaudible: 0, phrasesUnreported: 0 };
  readonly #control: FileControl;
  readonly #files: PhraseFiles;
  readonly #listener: PlayerListener;
  readonly #retries: number;
  readonly #time: TimeSource;
  /** Audio of a phrase whose end has not come yet: it cannot be played. */
  #gathered: Pcm[] = [];
  /** Marks for which no audio has come yet. */
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

  /** Complete phrases only. */
  get bufferedMs(): number {
    const waiting = this.#queue.reduce((ms, { lengthMs }) => ms + lengthMs, 0);
    return waiting + (this.#playing?.playback.remainingMs ?? 0);
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
    if (this.#playing?.playback.hasStarted) this.#playing.playback.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#playing?.playback.resume();
    this.#playNext();
  }

  async flush(): Promise<void> {
    this.#gathered = [];
    this.#leading = [];
    this.#queue = [];
    this.#paused = false;
    const playing = this.#playing;
    if (!playing) return;
    if (!playing.playback.isStopped) {
      await playing.playback.stop();
      if (playing.judgeAt !== undefined) this.#end(playing);
    }
    await playing.playback.ended;
  }

  /** The PBX reports that a playback has begun. */
  onStarted(playbackId: string): void {
    const { phrase, playback } = this.#playing ?? {};
    if (!phrase || playback?.id !== playbackId || playback.hasStarted) return;
    playback.started();
    if (playback.isStopped) return;
    if (this.#paused) playback.pause();
    for (const markId of phrase.startMarks.splice(0)) this.#listener.onMark(markId);
  }

  /** The PBX reports that a playback has ended: played through, stopped or failed. */
  onFinished(playbackId: string): void {
    const playing = this.#playing;
    if (playing?.playback.id !== playbackId) return;
    const { phrase, playback } = playing;
    if (playback.isStopped) return this.#end(playing);
    if (playback.heardMs >= phrase.lengthMs * LEAST_HEARD_FRACTION) return this.#heard(playing);
    playing.judgeAt = this.#time.now() + HANGUP_NOTICE_MS;
  }

  /** Settles phrases whose report does not come. */
  tick(): void {
    const playing = this.#playing;
    if (!playing) {
      if (this.#queue.length > 0 || this.#gathered.length > 0 || this.#leading.length === 0) return;
      for (const markId of this.#leading.splice(0)) this.#listener.onMark(markId);
    } else if (playing.judgeAt !== undefined) {
      if (this.#time.now() >= playing.judgeAt) this.#notHeard(playing);
    } else if (playing.playback.isOverdue) {
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
    await playing.playback.stop();
    this.#end(playing);
  }

  #playNext(): void {
    if (this.#playing || this.#paused || this.#over) return;
    const phrase = this.#queue.shift();
    if (!phrase) return;
    const playback = new Playback(phrase.lengthMs, this.#control, this.#time);
    this.#playing = { phrase, playback };
    void this.#play(this.#playing);
  }

  async #play(playing: Playing): Promise<void> {
    const { phrase, playback } = playing;
    phrase.attempts++;
    try {
      const asked = await playback.play(() => this.#files.write(phrase.name, phrase.pcm));
      if (!asked) this.#end(playing);
    } catch (error) {
      this.#end(playing);
      if (!playback.isStopped) this.#listener.onBroken(messageOf(error));
    }
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
    const { phrase, playback } = playing;
    log.warn("the PBX did not report a playback's end", { playback: playback.id });
    const wasStopped = playback.isStopped;
    void playback.stop();
    if (wasStopped) this.#end(playing);
    // Reports are lost while ARI reconnects: a phrase that had begun has been played by now.
    else if (playback.hasStarted) this.#heard(playing);
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
    playing.playback.end();
    if (!this.#queue.includes(playing.phrase)) void this.#files.remove(playing.phrase.name);
    this.#playNext();
  }
}
