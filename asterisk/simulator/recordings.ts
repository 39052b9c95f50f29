// Recordings that ARI makes of a channel: what its far end says, kept in memory until stopped.

import { concatPcm, type Pcm } from "../../media/frame.ts";
import type { Channel, TellOf } from "./channel.ts";
import { AriFailure } from "./wire.ts";

interface LiveRecording {
  readonly name: string;
  readonly format: string;
  readonly channel: Channel;
  readonly startedAt: number;
  readonly frames: Pcm[];
}

/** All recordings of the PBX, running and stored. */
export class Recordings {
  readonly #tellOf: TellOf;
  readonly #live = new Map<string, LiveRecording>();
  readonly #stored = new Map<string, { readonly format: string; readonly pcm: Pcm }>();

  constructor(tellOf: TellOf) {
    this.#tellOf = tellOf;
  }

  /** @throws {AriFailure} 409 when the name is taken, 422 for an unknown format. */
  start(channel: Channel, name: string, format: string, overwrite: boolean): unknown {
    if (format !== "wav") {
      throw new AriFailure(422, "specified format is unknown on this system");
    }
    if (this.#live.has(name) || (this.#stored.has(name) && !overwrite)) {
      throw new AriFailure(409, `Recording '${name}' already exists and can not be overwritten`);
    }
    const recording = { name, format, channel, startedAt: performance.now(), frames: [] };
    if (channel.bridgeId !== undefined) {
      const cause = "Cannot record channel while in bridge";
      this.#tell(recording, "RecordingFailed", "failed", { cause });
      return toJson(recording, "failed");
    }
    this.#live.set(name, recording);
    queueMicrotask(() => this.#tell(recording, "RecordingStarted", "recording"));
    return toJson(recording, "queued");
  }

  /** One frame of a channel's far end, for the recordings of that channel. */
  voice(channel: Channel, frame: Pcm): void {
    for (const recording of this.#live.values()) {
      if (recording.channel === channel) recording.frames.push(frame);
    }
  }

  /** @throws {AriFailure} 404 */
  live(name: string): unknown {
    return toJson(this.#find(name), "recording");
  }

  /** Stops and stores it. @throws {AriFailure} 404 */
  stop(name: string): void {
    const recording = this.#find(name);
    this.#live.delete(name);
    this.#stored.set(name, { format: recording.format, pcm: concatPcm(recording.frames) });
    const duration = Math.floor((performance.now() - recording.startedAt) / 1000);
    this.#tell(recording, "RecordingFinished", "done", { duration });
  }

  /** The channel is gone: its recordings end, and are kept. */
  drop(channel: Channel): void {
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

  /** @throws {AriFailure} 404 */
  remove(name: string): void {
    if (!this.#stored.delete(name)) throw new AriFailure(404, "Recording not found");
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

function toJson({ name, format, channel }: LiveRecording, state: string) {
  return { name, format, state, target_uri: `channel:${channel.id}` };
}
