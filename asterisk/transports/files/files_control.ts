// What the files transport requests from the PBX. A call isolate holds no ARI credentials, so the
// requests are messages to the service, and the PBX's events come back the same way.

/** What the PBX reports about one call's playbacks and recording. Handlers must not throw. */
export interface FileEvents {
  onPlaybackStarted(playbackId: string): void;
  /** The playback ended: played through, stopped or failed. */
  onPlaybackFinished(playbackId: string): void;
  /** The recording has ended. */
  onRecordingEnded(detail: string): void;
  /** TALK_DETECT: the caller began or stopped making sound. */
  onTalking(talking: boolean): void;
}

/** The PBX as one call's files need it. */
export interface FileControl {
  /** Sets the handlers of events; called once, before anything else. */
  listen(events: FileEvents): void;

  /** Plays `media` (`sound:ru/x`) to the caller, under an id of our choice. Rejects when the PBX refuses. */
  play(playbackId: string, media: string): Promise<void>;
  /** Pauses a playback. */
  pause(playbackId: string): Promise<void>;
  /** Continues a paused playback. */
  resume(playbackId: string): Promise<void>;
  /** Stops a playback; one that has already ended (404, 409) is no failure. */
  stop(playbackId: string): Promise<void>;

  /** Records the caller to `<name>.<RECORDING_FORMAT>`; resolves when the recording has begun. */
  record(name: string): Promise<void>;
  /** Ends the recording and removes its file. */
  discard(name: string): Promise<void>;
}

/**
 * The format of the growing recording: raw samples at a high rate. Asterisk writes files in blocks
 * of 32 KiB (main/file.c): 2 s of audio at 8 kHz, but only 170 ms at 96 kHz. (At 192 kHz its
 * resampler halves the level: seen on 22.10.1.)
 */
export const RECORDING_FORMAT = "sln96";
/** Samples per second of `RECORDING_FORMAT`. */
export const RECORDING_RATE_HZ = 96_000;

/** A unique name for a call's recording. */
export function recordingName(): string {
  return `voxbot-${crypto.randomUUID()}`;
}

/** Whether a recording of this name is the growing one of a call of ours, and nobody else's. */
export function isCallRecording(name: string, format: string): boolean {
  return format === RECORDING_FORMAT &&
    /^voxbot-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(name);
}
