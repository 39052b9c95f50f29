// The simulated PBX: its channels and bridges, and what happens to them. The order of events is
// that of a real Asterisk 22.10.1.

import { FRAME_SAMPLES, type Pcm } from "../../../media/frame.ts";
import { Applications } from "../ari/applications.ts";
import { SimulatedBridge } from "./bridge.ts";
import { CAUSE, type HangupCause, type SimulatedChannel, type TellOf } from "./channel.ts";
import type { PbxClock } from "./clock.ts";
import type { SimulatedDialplan } from "./dialplan.ts";
import { type FindSound, Playbacks, type Sounds } from "./playbacks.ts";
import { Recordings } from "./recordings.ts";
import { SnoopChannel } from "./snoop_channel.ts";
import { TalkDetectors } from "./talk_detect.ts";
import { toneFrame } from "./tone.ts";
import { AriFailure } from "../ari/wire.ts";

/** All state of the PBX. One instance is one run of it: a restart makes a new one. */
export class SimulatedPbx {
  readonly channels = new Map<string, SimulatedChannel>();
  readonly bridges = new Map<string, SimulatedBridge>();
  readonly applications = new Applications();
  readonly clock: PbxClock;
  readonly dialplan: SimulatedDialplan;
  readonly playbacks: Playbacks;
  readonly recordings: Recordings;
  /** Tones that continued channels hear. */
  readonly #tones = new Map<SimulatedChannel, Disposable>();
  readonly #talkDetectors = new TalkDetectors();
  #channelSerial = 0;

  constructor(
    dialplan: SimulatedDialplan,
    clock: PbxClock,
    sounds: Sounds,
    files: { readonly find?: FindSound; readonly recordingDir?: string | undefined } = {},
  ) {
    this.dialplan = dialplan;
    this.clock = clock;
    const tellOf: TellOf = (channel, type, facts) =>
      this.applications.send(appsOf(channel), type, facts);
    this.playbacks = new Playbacks(clock, tellOf, sounds, files.find);
    this.recordings = new Recordings(tellOf, files.recordingDir);
  }

  /** A channel id as Asterisk makes them: seconds, a dot, a serial number. */
  newChannelId(): string {
    return `${Math.floor(Date.now() / 1000)}.${this.#channelSerial++}`;
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

  /** @throws {AriFailure} 404 */
  bridge(id: string): SimulatedBridge {
    const bridge = this.bridges.get(id);
    if (!bridge) throw new AriFailure(404, "Bridge not found");
    return bridge;
  }

  /** Tells the applications concerned with `channel` of an event about it. */
  tell(channel: SimulatedChannel, type: string, facts: Record<string, unknown> = {}): void {
    this.applications.send(appsOf(channel), type, { ...facts, channel: channel.toJson() });
  }

  /** Sets a variable; the application is told, as it is on the real PBX. */
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

  /** @returns false when the application is not there to take it. */
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

  /** Hands a channel to another application; with none there it stays where it is. */
  move(channel: SimulatedChannel, app: string, args: readonly string[]): void {
    if (!this.applications.isActive(app)) {
      this.tell(channel, "ApplicationMoveFailed", { destination: app, args });
      return;
    }
    this.tell(channel, "StasisEnd");
    if (channel.app !== undefined) channel.watchers.delete(channel.app);
    this.enterStasis(channel, app, args);
  }

  /** Lets a channel go on in the dialplan. */
  continueInDialplan(channel: SimulatedChannel, place: { context?: string; exten?: string }): void {
    this.#leaveBridge(channel);
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

  /** What one channel's far end says. */
  voice(channel: SimulatedChannel, frame: Pcm): void {
    this.recordings.voice(channel, frame);
    this.#talkDetectors.hear(channel, frame);
    for (const snoop of this.#snoopsOf(channel)) snoop.overhear(frame);
    if (!channel.playing) this.#bridgeOf(channel)?.voice(channel, frame);
  }

  /** A key the channel's far end has pressed for `durationMs`. */
  digit(channel: SimulatedChannel, digit: string, durationMs: number): void {
    this.tell(channel, "ChannelDtmfReceived", { digit, duration_ms: durationMs });
    this.#bridgeOf(channel)?.digit(channel, digit);
  }

  /** @throws {AriFailure} 409 when the id is taken, 500 for an unknown type. */
  createBridge(id: string, name: string, type: string): SimulatedBridge {
    if (this.bridges.has(id)) {
      throw new AriFailure(409, `Bridge with id '${id}' already exists`);
    }
    const bridge = new SimulatedBridge(id, name, type);
    this.bridges.set(id, bridge);
    return bridge;
  }

  /** Joins; a channel that is in a bridge already, be it this one, leaves it first. */
  addToBridge(bridge: SimulatedBridge, channel: SimulatedChannel): void {
    this.#leaveBridge(channel);
    bridge.channels.add(channel);
    channel.bridgeId = bridge.id;
    for (const app of appsOf(channel)) bridge.watchers.add(app);
    this.#tellBridge(channel, bridge, "ChannelEnteredBridge");
    if (bridge.channels.size > 1) {
      for (const member of bridge.channels) {
        this.#meet(bridge, member);
      }
    }
  }

  removeFromBridge(bridge: SimulatedBridge, channel: SimulatedChannel): void {
    if (channel.bridgeId !== bridge.id) throw new AriFailure(422, "Channel not in this bridge");
    this.#leaveBridge(channel);
  }

  /** Destroys it; members leave first. The application hears of an empty one only, as on the real PBX. */
  destroyBridge(bridge: SimulatedBridge): void {
    const populated = bridge.channels.size > 0;
    for (const channel of bridge.channels) this.#leaveBridge(channel);
    this.bridges.delete(bridge.id);
    if (!populated) {
      this.applications.send(bridge.watchers, "BridgeDestroyed", { bridge: bridge.toJson() });
    }
  }

  /**
   * Ends a channel.
   *
   * @param request facts of the ChannelHangupRequest that comes first; none when the PBX itself ends it.
   */
  hangUp(channel: SimulatedChannel, cause: HangupCause, request?: Record<string, unknown>): void {
    if (channel.gone) return;
    channel.gone = true;
    this.#silence(channel);
    for (const snoop of this.#snoopsOf(channel)) this.hangUp(snoop, CAUSE.normal);
    if (request) this.tell(channel, "ChannelHangupRequest", request);
    this.playbacks.drop(channel);
    this.recordings.drop(channel);
    channel.ending(request !== undefined);
    this.#leaveBridge(channel);
    this.#leaveStasis(channel);
    this.channels.delete(channel.id);
    this.tell(channel, "ChannelDestroyed", {
      cause: cause.code,
      cause_txt: cause.text,
      tech_cause: cause.tech,
    });
    channel.release(cause);
  }

  /** Everything is gone at once and nobody is told: the process of the PBX has ended. */
  crash(): void {
    for (const channel of this.channels.values()) {
      channel.gone = true;
      this.#silence(channel);
      this.playbacks.forget(channel);
      channel.release(undefined);
    }
    this.channels.clear();
    this.bridges.clear();
    this.recordings.forget();
  }

  /** Sends the channel silence until it is played something, as `POST /channels/{id}/silence` does. */
  startSilence(channel: SimulatedChannel): void {
    this.stopSilence(channel);
    const clock = this.clock.subscribe(() => {
      if (channel.playing) this.stopSilence(channel);
      else channel.hear(new Int16Array(FRAME_SAMPLES));
    });
    this.#tones.set(channel, clock);
  }

  stopSilence(channel: SimulatedChannel): void {
    this.#silence(channel);
  }

  *#snoopsOf(channel: SimulatedChannel): Generator<SnoopChannel> {
    for (const other of this.channels.values()) {
      if (other instanceof SnoopChannel && other.target === channel) yield other;
    }
  }

  #silence(channel: SimulatedChannel): void {
    this.#tones.get(channel)?.[Symbol.dispose]();
    this.#tones.delete(channel);
  }

  #leaveStasis(channel: SimulatedChannel): void {
    if (channel.app === undefined) return;
    this.#silence(channel);
    this.tell(channel, "StasisEnd");
    channel.app = undefined;
    if (channel.watchers.size > 0) this.setVariable(channel, "STASISSTATUS", "SUCCESS");
    const { app_name = "", app_data = "" } = channel.appOutside ?? {};
    Object.assign(channel.dialplan, { app_name, app_data });
  }

  #leaveBridge(channel: SimulatedChannel): void {
    const bridge = this.#bridgeOf(channel);
    if (!bridge) return;
    for (const variable of ["BRIDGEPEER", "BRIDGEPVTCALLID"]) {
      if (channel.variables.has(variable)) this.setVariable(channel, variable, "");
    }
    bridge.channels.delete(channel);
    channel.bridgeId = undefined;
    this.#tellBridge(channel, bridge, "ChannelLeftBridge");
  }

  /** Tells a member whom it is in the bridge with. */
  #meet(bridge: SimulatedBridge, member: SimulatedChannel): void {
    const peers = [...bridge.channels].filter((peer) => peer !== member);
    this.setVariable(member, "BRIDGEPEER", peers.map(({ name }) => name).join(","));
    const [peer] = peers;
    if (!peer || peers.length > 1 || peer.protocolId === "") return;
    this.setVariable(member, "BRIDGEPVTCALLID", peer.protocolId);
    if (member.connectedNumber === peer.callerNumber) return;
    member.connectedNumber = peer.callerNumber;
    this.tell(member, "ChannelConnectedLine");
  }

  #bridgeOf({ bridgeId }: SimulatedChannel): SimulatedBridge | undefined {
    return bridgeId === undefined ? undefined : this.bridges.get(bridgeId);
  }

  #tellBridge(channel: SimulatedChannel, bridge: SimulatedBridge, type: string): void {
    this.tell(channel, type, { bridge: bridge.toJson() });
  }
}

/** Who hears of a channel: the application it is in, and those that made it. */
function appsOf(channel: SimulatedChannel): string[] {
  return channel.app === undefined ? [...channel.watchers] : [channel.app, ...channel.watchers];
}
