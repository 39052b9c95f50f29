// Playbacks of ARI: one after another on each channel, 20 ms at a time.

import { FRAME_SAMPLES, type Pcm } from "../../../media/frame.ts";
import type { SimulatedChannel, TellOf } from "./channel.ts";
import type { PbxClock } from "./clock.ts";
import { toneFrame } from "./tone.ts";
import { AriFailure } from "../ari/wire.ts";

/** The frequency of every `tone:`. */
const TONE_HZ = 425;

/** Sounds by name, `hello` for `sound:hello`, as 16 kHz mono. */
export type Sounds = Readonly<Record<string, Pcm>>;

/** Finds a sound that is not among those given, as a file in the PBX's folder of sounds. */
export type FindSound = (name: string) => Pcm | undefined;

type PlaybackState = "queued" | "playing" | "paused" | "done" | "failed";

/** One playback of one or several media. */
interface Playback {
  readonly id: string;
  readonly channel: SimulatedChannel;
  readonly media: readonly string[];
  readonly language: string;
  state: PlaybackState;
  /** Samples played so far, over all media. */
  played: number;
  /** The sounds found so far: a file that is removed during its playback is heard to its end. */
  readonly found: Map<string, Pcm>;
}

/** All playbacks of the PBX. */
export class Playbacks {
  readonly #clock: PbxClock;
  readonly #tellOf: TellOf;
  readonly #sounds: Sounds;
  readonly #find: FindSound;
  readonly #queues = new Map<SimulatedChannel, Playback[]>();
  readonly #clocks = new Map<SimulatedChannel, Disposable>();
  readonly #idle = new Map<SimulatedChannel, PromiseWithResolvers<void>>();

  constructor(
    clock: PbxClock,
    tellOf: TellOf,
    sounds: Sounds,
    find: FindSound = () => undefined,
  ) {
    this.#clock = clock;
    this.#tellOf = tellOf;
    this.#sounds = sounds;
    this.#find = find;
  }

  /** Queues a playback behind those of its channel. */
  play(channel: SimulatedChannel, id: string, media: readonly string[], language: string): unknown {
    if (media.length === 0) throw new AriFailure(500, "Failed to queue media for playback");
    const playback: Playback = {
      id,
      channel,
      media,
      language,
      state: "queued",
      played: 0,
      found: new Map(),
    };
    const queue = this.#queues.get(channel) ?? [];
    this.#queues.set(channel, [...queue, playback]);
    if (!this.#idle.has(channel)) this.#idle.set(channel, Promise.withResolvers());
    const shown = toJson(playback);
    if (queue.length === 0) {
      queueMicrotask(() => this.#advance(channel));
    }
    return shown;
  }

  /** @throws {AriFailure} 404 */
  get(id: string): unknown {
    return toJson(this.#playback(id));
  }

  /**
   * Pauses or resumes a playback.
   *
   * @throws {AriFailure} 404, 400 for another operation, 409 when it is not playing.
   */
  control(id: string, operation: string | undefined): void {
    const playback = this.#playback(id);
    const [from, to] = { pause: ["playing", "paused"], unpause: ["paused", "playing"] }[
      operation ?? ""
    ] as [PlaybackState, PlaybackState] | undefined ?? [];
    if (!from || !to) throw new AriFailure(400, "Invalid operation");
    if (playback.state !== from) throw new AriFailure(409, "Invalid state for operation");
    playback.state = to;
  }

  /**
   * Stops a playback. One that has not begun keeps its place in the queue, and finishes when its
   * turn comes.
   *
   * @throws {AriFailure} 404
   */
  stop(id: string): void {
    const playback = this.#playback(id);
    if (playback.state === "queued") {
      playback.state = "done";
      return;
    }
    this.#finish(playback, "done");
    this.#advance(playback.channel);
  }

  /**
   * Resolves when the channel has nothing left to play; undefined when it has nothing now. Other
   * commands to the channel wait for that.
   */
  idle(channel: SimulatedChannel): Promise<void> | undefined {
    return this.#idle.get(channel)?.promise;
  }

  /** The channel is gone: its playbacks fail. */
  drop(channel: SimulatedChannel): void {
    for (const playback of this.#queues.get(channel) ?? []) {
      if (playback.state === "queued") this.#start(playback);
      this.#finish(playback, "failed");
    }
    this.forget(channel);
  }

  /** Ends the channel's playbacks without an event. */
  forget(channel: SimulatedChannel): void {
    channel.playing = false;
    this.#clocks.get(channel)?.[Symbol.dispose]();
    this.#clocks.delete(channel);
    this.#queues.delete(channel);
    this.#idle.get(channel)?.resolve();
    this.#idle.delete(channel);
  }

  /** Starts the first in the queue. As on the real PBX, what cannot be played fails immediately. */
  #advance(channel: SimulatedChannel): void {
    const first = this.#queues.get(channel)?.[0];
    if (!first) {
      this.forget(channel);
    } else if (first.state === "done") {
      this.#finish(first, "done");
      this.#advance(channel);
    } else if (first.state === "queued") {
      this.#start(first);
      if (first.media.every((uri) => uri.startsWith("silence:"))) {
        this.#vanish(first);
      } else if (this.#samples(first) === undefined) {
        this.#finish(first, "failed");
        this.#advance(channel);
      } else if (!this.#clocks.has(channel)) {
        channel.playing = true;
        this.#clocks.set(channel, this.#clock.subscribe(() => this.#tick(channel)));
      }
    }
  }

  #start(playback: Playback): void {
    playback.state = "playing";
    this.#tell(playback, "PlaybackStarted");
  }

  #tick(channel: SimulatedChannel): void {
    const playback = this.#queues.get(channel)?.[0];
    if (!playback || playback.state === "paused") return;
    const total = this.#samples(playback) ?? 0;
    if (playback.played >= total) {
      this.#finish(playback, "done");
      this.#advance(channel);
      return;
    }
    channel.hear(this.#frame(playback));
    playback.played += FRAME_SAMPLES;
  }

  /** The next 20 ms; the end of each medium is padded with silence. */
  #frame(playback: Playback): Pcm {
    const frame = new Int16Array(FRAME_SAMPLES);
    let start = playback.played;
    for (const uri of playback.media) {
      const sound = this.#sound(playback, uri);
      if (!sound) continue;
      if (start < sound.length) {
        frame.set(sound.at(start));
        return frame;
      }
      start -= sound.length;
    }
    return frame;
  }

  #samples(playback: Playback): number | undefined {
    const lengths = playback.media.map((uri) => this.#sound(playback, uri)?.length);
    return lengths.includes(undefined)
      ? undefined
      : lengths.reduce<number>((sum, length) => sum + (length ?? 0), 0);
  }

  #sound(
    { found }: Playback,
    uri: string,
  ): { length: number; at(start: number): Pcm } | undefined {
    const colon = uri.indexOf(":");
    const [kind, name] = [uri.slice(0, colon), uri.slice(colon + 1)];
    if (kind === "tone") return { length: Infinity, at: (start) => toneFrame(TONE_HZ, start) };
    if (kind !== "sound") return undefined;
    const pcm = this.#sounds[name] ?? found.get(name) ?? this.#find(name);
    if (pcm) found.set(name, pcm);
    return pcm && { length: pcm.length, at: (start) => pcm.slice(start, start + FRAME_SAMPLES) };
  }

  /** As 22.10.1 treats `silence:<s>`: it starts, plays nothing, and never finishes. */
  #vanish(playback: Playback): void {
    this.#remove(playback);
    this.#advance(playback.channel);
  }

  #remove(playback: Playback): void {
    const queue = this.#queues.get(playback.channel) ?? [];
    this.#queues.set(playback.channel, queue.filter((other) => other !== playback));
  }

  #finish(playback: Playback, state: PlaybackState): void {
    playback.state = state;
    this.#remove(playback);
    this.#tell(playback, "PlaybackFinished");
  }

  #playback(id: string): Playback {
    for (const queue of this.#queues.values()) {
      const playback = queue.find((other) => other.id === id);
      if (playback) return playback;
    }
    throw new AriFailure(404, "Playback not found");
  }

  #tell(playback: Playback, type: string): void {
    this.#tellOf(playback.channel, type, { playback: toJson(playback) });
  }
}

function toJson({ id, media, channel, language, state }: Playback) {
  return {
    id,
    media_uri: media.at(-1),
    target_uri: `channel:${channel.id}`,
    language,
    state,
  };
}
