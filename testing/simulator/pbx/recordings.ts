// Recordings of a channel's far end that ARI makes: in memory until they are stopped, or in a
// growing file.

import { concatPcm, type Pcm } from "../../../media/frame.ts";
import type { SimulatedChannel, TellOf } from "./channel.ts";
import {
  FILE_FORMAT,
  recordedNames,
  RecordingFile,
  removeRecordingFile,
} from "./recording_file.ts";
import { AriFailure } from "../ari/wire.ts";

interface LiveRecording {
  readonly name: string;
  readonly format: string;
  readonly channel: SimulatedChannel;
  readonly startedAt: number;
  readonly frames: Pcm[];
  readonly file: RecordingFile | undefined;
}

/** All recordings of the PBX, running and stored. */
export class Recordings {
  readonly #tellOf: TellOf;
  readonly #live = new Map<string, LiveRecording>();
  readonly #stored = new Map<string, { readonly format: string; readonly pcm: Pcm }>();

  readonly #recordingDir: string | undefined;

  /**
   * @param recordingDir folder of the growing files. Without it only `wav` can be recorded, in
   *   memory.
   */
  constructor(tellOf: TellOf, recordingDir: string | undefined) {
    this.#tellOf = tellOf;
    this.#recordingDir = recordingDir;
  }

  /** @throws {AriFailure} 409 when the name is taken, 422 for an unknown format. */
  start(channel: SimulatedChannel, name: string, format: string, overwrite: boolean): unknown {
    const toFile = format === FILE_FORMAT && this.#recordingDir !== undefined;
    if (format !== "wav" && !toFile) {
      throw new AriFailure(422, "specified format is unknown on this system");
    }
    if (this.#live.has(name) || (this.#stored.has(name) && !overwrite)) {
      throw new AriFailure(409, `Recording '${name}' already exists and can not be overwritten`);
    }
    const startedAt = performance.now();
    const recording = { name, format, channel, startedAt, frames: [], file: undefined };
    if (channel.bridgeId !== undefined) {
      const cause = "Cannot record channel while in bridge";
      this.#tell(recording, "RecordingFailed", "failed", { cause });
      return toJson(recording, "failed");
    }
    const file = toFile ? new RecordingFile(this.#recordingDir!, name) : undefined;
    this.#live.set(name, { ...recording, file });
    queueMicrotask(() => this.#tell(recording, "RecordingStarted", "recording"));
    return toJson(recording, "queued");
  }

  /** Takes a frame of a channel's far end. */
  voice(channel: SimulatedChannel, frame: Pcm): void {
    for (const recording of this.#live.values()) {
      if (recording.channel !== channel) continue;
      if (recording.file) recording.file.append(frame);
      else recording.frames.push(frame);
    }
  }

  /** @throws {AriFailure} 404 */
  live(name: string): unknown {
    return toJson(this.#find(name), "recording");
  }

  /**
   * Stops a recording and stores it: from then on it is not live (404), and its file stays.
   *
   * @throws {AriFailure} 404
   */
  stop(name: string): void {
    const recording = this.#find(name);
    this.#live.delete(name);
    recording.file?.close();
    this.#stored.set(name, { format: recording.format, pcm: concatPcm(recording.frames) });
    const duration = Math.floor((performance.now() - recording.startedAt) / 1000);
    this.#tell(recording, "RecordingFinished", "done", { duration });
  }

  /** Stops a recording and removes it. @throws {AriFailure} 404 */
  cancel(name: string): void {
    const recording = this.#find(name);
    this.#live.delete(name);
    recording.file?.discard();
    this.#tell(recording, "RecordingFinished", "canceled");
  }

  /** Ends all recordings without an event: the PBX has died. */
  forget(): void {
    for (const { file } of this.#live.values()) file?.close();
    this.#live.clear();
  }

  /** The channel is gone: its recordings end and are stored. */
  drop(channel: SimulatedChannel): void {
    for (const recording of this.#live.values()) {
      if (recording.channel === channel) this.stop(recording.name);
    }
  }

  /** @throws {AriFailure} 404 */
  stored(name: string): { readonly name: string; readonly format: string; readonly pcm: Pcm } {
    const stored = this.#stored.get(name);
    if (!stored) throw new AriFailure(404, "Recording not found");
    return { name, ...stored };
  }

  /** As Asterisk lists them: what lies in the folder, of whatever run, files that grow included. */
  list(): { readonly name: string; readonly format: string }[] {
    const inMemory = [...this.#stored].filter(([, { format }]) => format !== FILE_FORMAT)
      .map(([name, { format }]) => ({ name, format }));
    return [...inMemory, ...recordedNames(this.#recordingDir).map(ofFile)];
  }

  /** Removes a stored recording with its file. @throws {AriFailure} 404 */
  remove(name: string): void {
    const onDisk = recordedNames(this.#recordingDir).includes(name);
    if (onDisk) removeRecordingFile(this.#recordingDir!, name);
    if (!this.#stored.delete(name) && !onDisk) throw new AriFailure(404, "Recording not found");
  }

  #find(name: string): LiveRecording {
    const recording = this.#live.get(name);
    if (!recording) throw new AriFailure(404, "Recording not found");
    return recording;
  }

  #tell(
    recording: LiveRecording,
    type: string,
    state: string,
    facts: Record<string, unknown> = {},
  ): void {
    this.#tellOf(recording.channel, type, {
      recording: { ...toJson(recording, state), ...facts },
    });
  }
}

function ofFile(name: string) {
  return { name, format: FILE_FORMAT };
}

function toJson({ name, format, channel }: LiveRecording, state: string) {
  return { name, format, state, target_uri: `channel:${channel.id}` };
}
