// What the files transport asks of the PBX. A call isolate holds no ARI credentials, so these are
// messages to the service, and the PBX's events come back the same way.

/** What the PBX reports of one call's playbacks and recording. Handlers must not throw. */
export interface FileEvents {
  onPlaybackStarted(playbackId: string): void;
  /** It ended, whether played through, stopped or failed. */
  onPlaybackFinished(playbackId: string): void;
  /** The recording that was under way has ended. */
  onRecordingEnded(detail: string): void;
  /** TALK_DETECT: the caller began or stopped making sound. */
  onTalking(talking: boolean): void;
}

/** The PBX, as far as one call's files are concerned. */
export interface FileControl {
  /** Names who is told of events; called once, before anything else. */
  listen(events: FileEvents): void;

  /** Plays `media` (`sound:ru/x`) to the caller, under an id of our choice. Rejects when it is refused. */
  play(playbackId: string, media: string): Promise<void>;
  /** Holds a playback where it is. */
  pause(playbackId: string): Promise<void>;
  /** Lets it go on. */
  resume(playbackId: string): Promise<void>;
  /** Stops a playback; one that is over already (404, 409) is no failure. */
  stop(playbackId: string): Promise<void>;

  /** Records what the caller says to `<name>.<RECORDING_FORMAT>`; resolves when it has begun. */
  record(name: string): Promise<void>;
  /** Ends the recording and removes its file. */
  discard(name: string): Promise<void>;
}

/**
 * Format of the growing recording: raw samples at a high rate. Asterisk writes a file in blocks of
 * 32 KiB (main/file.c), which is 2 s of audio at 8 kHz, but only 170 ms at 96 kHz. (At 192 kHz its
 * resampler halves the level: seen on 22.10.1.)
 */
export const RECORDING_FORMAT = "sln96";
/** Samples a second of `RECORDING_FORMAT`. */
export const RECORDING_RATE_HZ = 96_000;
