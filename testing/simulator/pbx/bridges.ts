// The bridges of the simulated PBX, and the channels in them.

import type { Applications } from "../ari/applications.ts";
import { AriFailure } from "../ari/wire.ts";
import { SimulatedBridge } from "./bridge.ts";
import type { SimulatedChannel } from "./channel.ts";

/** What bridges need of their PBX. */
export interface BridgeOwner {
  readonly applications: Pick<Applications, "send">;
  /** Sends an event about `channel` to the applications that watch it. */
  tell(channel: SimulatedChannel, type: string, facts?: Record<string, unknown>): void;
  setVariable(channel: SimulatedChannel, variable: string, value: string): void;
}

/** All bridges of one PBX. */
export class Bridges {
  readonly #owner: BridgeOwner;
  readonly #bridges = new Map<string, SimulatedBridge>();

  constructor(owner: BridgeOwner) {
    this.#owner = owner;
  }

  get all(): readonly SimulatedBridge[] {
    return [...this.#bridges.values()];
  }

  /** @throws {AriFailure} 404 */
  get(id: string): SimulatedBridge {
    const bridge = this.#bridges.get(id);
    if (!bridge) throw new AriFailure(404, "Bridge not found");
    return bridge;
  }

  /** The bridge a channel is in. */
  of({ bridgeId }: SimulatedChannel): SimulatedBridge | undefined {
    return bridgeId === undefined ? undefined : this.#bridges.get(bridgeId);
  }

  /** @throws {AriFailure} 409 when the id is taken, 500 for an unknown type. */
  create(id: string, name: string, type: string): SimulatedBridge {
    if (this.#bridges.has(id)) throw new AriFailure(409, `Bridge with id '${id}' already exists`);
    const bridge = new SimulatedBridge(id, name, type);
    this.#bridges.set(id, bridge);
    return bridge;
  }

  /** Adds a channel, which first leaves the bridge it is in, even this one. */
  add(bridge: SimulatedBridge, channel: SimulatedChannel): void {
    this.leave(channel);
    bridge.channels.add(channel);
    channel.bridgeId = bridge.id;
    for (const app of channel.apps) bridge.watchers.add(app);
    this.#tell(channel, bridge, "ChannelEnteredBridge");
    if (bridge.channels.size < 2) return;
    for (const member of bridge.channels) this.#introduce(bridge, member);
  }

  /** @throws {AriFailure} 422 when the channel is not in this bridge. */
  remove(bridge: SimulatedBridge, channel: SimulatedChannel): void {
    if (channel.bridgeId !== bridge.id) throw new AriFailure(422, "Channel not in this bridge");
    this.leave(channel);
  }

  /** Takes a channel out of the bridge it is in, if any. */
  leave(channel: SimulatedChannel): void {
    const bridge = this.of(channel);
    if (!bridge) return;
    for (const variable of ["BRIDGEPEER", "BRIDGEPVTCALLID"]) {
      if (channel.variables.has(variable)) this.#owner.setVariable(channel, variable, "");
    }
    bridge.channels.delete(channel);
    channel.bridgeId = undefined;
    this.#tell(channel, bridge, "ChannelLeftBridge");
  }

  /**
   * Destroys a bridge once its members have left. As on a real PBX, only an empty one is reported.
   */
  destroy(bridge: SimulatedBridge): void {
    const populated = bridge.channels.size > 0;
    for (const channel of bridge.channels) this.leave(channel);
    this.#bridges.delete(bridge.id);
    if (populated) return;
    const facts = { bridge: bridge.toJson() };
    this.#owner.applications.send(bridge.watchers, "BridgeDestroyed", facts);
  }

  /** Drops all without an event: the PBX's process has ended. */
  clear(): void {
    this.#bridges.clear();
  }

  /** Sets the variables by which a member knows whom it is in the bridge with. */
  #introduce(bridge: SimulatedBridge, member: SimulatedChannel): void {
    const peers = [...bridge.channels].filter((peer) => peer !== member);
    this.#owner.setVariable(member, "BRIDGEPEER", peers.map(({ name }) => name).join(","));
    const [peer] = peers;
    if (!peer || peers.length > 1 || peer.protocolId === "") return;
    this.#owner.setVariable(member, "BRIDGEPVTCALLID", peer.protocolId);
    if (member.connectedNumber === peer.callerNumber) return;
    member.connectedNumber = peer.callerNumber;
    this.#owner.tell(member, "ChannelConnectedLine");
  }

  #tell(channel: SimulatedChannel, bridge: SimulatedBridge, type: string): void {
    this.#owner.tell(channel, type, { bridge: bridge.toJson() });
  }
}
