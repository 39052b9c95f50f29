// The simulated PBX: its channels, and what happens to them. Events come in the order of a real
// Asterisk 22.10.1.

import { FRAME_SAMPLES, type Pcm } from "../../../media/frame.ts";
import { Applications } from "../ari/applications.ts";
import { Bridges } from "./bridges.ts";
import { CAUSE, type HangupCause, type SimulatedChannel, type TellOf } from "./channel.ts";
import type { PbxClock } from "./clock.ts";
import type { SimulatedDialplan } from "./dialplan.ts";
import { type FindSound, Playbacks, type Sounds } from "./playbacks.ts";
import { Recordings } from "./recordings.ts";
import { SnoopChannel } from "./snoop_channel.ts";
import { TalkDetectors } from "./talk_detect.ts";
import { toneFrame } from "./tone.ts";
import { AriFailure } from "../ari/wire.ts";

/** What stands for music on hold. */
const MUSIC_HZ = 330;

/** All state of the PBX. One instance is one run: a restart makes a new one. */
export class SimulatedPbx {
  readonly channels = new Map<string, SimulatedChannel>();
  readonly applications = new Applications();
  readonly bridges = new Bridges(this);
  readonly clock: PbxClock;
  readonly dialplan: SimulatedDialplan;
  readonly playbacks: Playbacks;
  readonly recordings: Recordings;
  /** The tone or silence that a channel hears. */
  readonly #tones = new Map<SimulatedChannel, Disposable>();
  readonly #talkDetectors = new TalkDetectors();
  readonly #systemName: string;
  #channelSerial = 0;

  constructor(
    dialplan: SimulatedDialplan,
    clock: PbxClock,
    sounds: Sounds,
    files: { readonly find?: FindSound; readonly recordingDir?: string | undefined } = {},
    systemName = "",
  ) {
    this.#systemName = systemName;
    this.dialplan = dialplan;
    this.clock = clock;
    const tellOf: TellOf = (channel, type, facts) =>
      this.applications.send(channel.apps, type, facts);
    this.playbacks = new Playbacks(clock, tellOf, sounds, files.find);
    this.recordings = new Recordings(tellOf, files.recordingDir);
  }

  /** A channel id as Asterisk makes them: the PBX's name, seconds, a dot, a serial number. */
  newChannelId(): string {
    const id = `${Math.floor(Date.now() / 1000)}.${this.#channelSerial++}`;
    return this.#systemName ? `${this.#systemName}-${id}` : id;
  }

  /** @throws {AriFailure} 404 */
  channel(id: string): SimulatedChannel {
    const channel = this.channels.get(id);
    if (!channel) throw new AriFailure(404, "Channel not found");
    return channel;
  }

  /** @throws {AriFailure} 404, or 409 when it is not in an application. */
  stasisChannel(id: string): SimulatedChannel {
    const channel = this.channel(id);
    if (channel.app === undefined) throw new AriFailure(409, "Channel not in Stasis application");
    return channel;
  }

  /** Sends an event about `channel` to the applications that watch it. */
  tell(channel: SimulatedChannel, type: string, facts: Record<string, unknown> = {}): void {
    this.applications.send(channel.apps, type, { ...facts, channel: channel.toJson() });
  }

  /** Sets a variable, and sends the event a real PBX sends of it. */
  setVariable(channel: SimulatedChannel, variable: string, value: string): void {
    if (variable === "TALK_DETECT(set)") {
      const tell = (type: string, facts: Record<string, unknown>) =>
        this.tell(channel, type, facts);
      this.#talkDetectors.set(channel, value, tell);
      return;
    }
    if (value === "") channel.variables.delete(variable);
    else channel.variables.set(variable, value);
    this.tell(channel, "ChannelVarset", { variable, value });
  }

  answer(channel: SimulatedChannel): void {
    if (channel.state === "Up") return;
    channel.state = "Up";
    channel.answer();
    this.tell(channel, "ChannelStateChange");
  }

  /** @returns false when nobody listens for the application. */
  enterStasis(channel: SimulatedChannel, app: string, args: readonly string[]): boolean {
    if (!this.applications.isActive(app)) return false;
    channel.app = app;
    if (channel.dialplan.app_name !== "Stasis") {
      channel.appOutside = { ...channel.dialplan };
      channel.dialplan.app_name = "Stasis";
      channel.dialplan.app_data = [app, ...args].join(",");
    }
    if (channel.watchers.size > 0) this.setVariable(channel, "STASISSTATUS", "");
    this.tell(channel, "StasisStart", { args });
    return true;
  }

  /**
   * Moves a channel to another application; it stays where it is when nobody listens for that one.
   */
  move(channel: SimulatedChannel, app: string, args: readonly string[]): void {
    if (!this.applications.isActive(app)) {
      this.tell(channel, "ApplicationMoveFailed", { destination: app, args });
      return;
    }
    this.tell(channel, "StasisEnd");
    if (channel.app !== undefined) channel.watchers.delete(channel.app);
    this.enterStasis(channel, app, args);
  }

  /** Continues a channel in the dialplan. */
  continueInDialplan(channel: SimulatedChannel, place: { context?: string; exten?: string }): void {
    this.bridges.leave(channel);
    this.#leaveStasis(channel);
    const { context } = place;
    const toneHz = context === undefined ? undefined : this.dialplan.contexts[context];
    if (context === undefined || toneHz === undefined) {
      this.hangUp(channel, CAUSE.normal);
      return;
    }
    channel.dialplan.context = context;
    channel.dialplan.exten = place.exten ?? channel.dialplan.exten;
    channel.dialplan.priority = 1;
    channel.dialplan.app_name = "Wait";
    channel.dialplan.app_data = "";
    this.answer(channel);
    let played = 0;
    const tone = this.clock.subscribe(() => {
      channel.hear(toneFrame(toneHz, played));
      played += FRAME_SAMPLES;
    });
    this.#tones.set(channel, tone);
  }

  /** One frame from a channel's far end. */
  voice(channel: SimulatedChannel, frame: Pcm): void {
    this.recordings.voice(channel, frame);
    this.#talkDetectors.hear(channel, frame);
    for (const snoop of this.#snoopsOf(channel)) snoop.overhear(frame);
    if (!channel.playing) this.bridges.of(channel)?.voice(channel, frame);
  }

  /** A key that the channel's far end held for `durationMs`. */
  digit(channel: SimulatedChannel, digit: string, durationMs: number): void {
    this.tell(channel, "ChannelDtmfReceived", { digit, duration_ms: durationMs });
    this.bridges.of(channel)?.digit(channel, digit);
  }

  /**
   * Ends a channel.
   *
   * @param request fields of the ChannelHangupRequest event; none when the PBX itself ends it.
   */
  hangUp(channel: SimulatedChannel, cause: HangupCause, request?: Record<string, unknown>): void {
    if (channel.gone) return;
    channel.gone = true;
    this.stopSilence(channel);
    for (const snoop of this.#snoopsOf(channel)) this.hangUp(snoop, CAUSE.normal);
    if (request) this.tell(channel, "ChannelHangupRequest", request);
    this.playbacks.drop(channel);
    this.recordings.drop(channel);
    channel.ending(request !== undefined);
    this.bridges.leave(channel);
    this.#leaveStasis(channel);
    this.channels.delete(channel.id);
    this.tell(channel, "ChannelDestroyed", {
      cause: cause.code,
      cause_txt: cause.text,
      tech_cause: cause.tech,
    });
    channel.release(cause);
  }

  /** Drops everything without an event: the PBX's process has ended. */
  crash(): void {
    for (const channel of this.channels.values()) {
      channel.gone = true;
      this.stopSilence(channel);
      this.playbacks.forget(channel);
      channel.release(undefined);
    }
    this.channels.clear();
    this.bridges.clear();
    this.recordings.forget();
  }

  /** Sends the channel silence until a playback begins, as `POST /channels/{id}/silence` does. */
  startSilence(channel: SimulatedChannel): void {
    this.#untilPlayback(channel, () => new Int16Array(FRAME_SAMPLES));
  }

  /**
   * Plays the channel a tone in place of music until a playback begins, as `POST /channels/{id}/moh`
   * does; the playback's end does not bring the music back.
   */
  startMusic(channel: SimulatedChannel): void {
    let played = 0;
    this.#untilPlayback(channel, () => {
      const frame = toneFrame(MUSIC_HZ, played);
      played += FRAME_SAMPLES;
      return frame;
    });
  }

  #untilPlayback(channel: SimulatedChannel, nextFrame: () => Pcm): void {
    this.stopSilence(channel);
    const clock = this.clock.subscribe(() => {
      if (channel.playing) this.stopSilence(channel);
      else channel.hear(nextFrame());
    });
    this.#tones.set(channel, clock);
  }

  /** Ends the silence, the music or the tone that the channel hears. */
  stopSilence(channel: SimulatedChannel): void {
    this.#tones.get(channel)?.[Symbol.dispose]();
    this.#tones.delete(channel);
  }

  *#snoopsOf(channel: SimulatedChannel): Generator<SnoopChannel> {
    for (const other of this.channels.values()) {
      if (other instanceof SnoopChannel && other.target === channel) yield other;
    }
  }

  #leaveStasis(channel: SimulatedChannel): void {
    if (channel.app === undefined) return;
    this.stopSilence(channel);
    this.tell(channel, "StasisEnd");
    channel.app = undefined;
    if (channel.watchers.size > 0) this.setVariable(channel, "STASISSTATUS", "SUCCESS");
    const { app_name = "", app_data = "" } = channel.appOutside ?? {};
    Object.assign(channel.dialplan, { app_name, app_data });
  }
}
