// `/bridges`.

import type { OperationContext, OperationReply, Parameters } from "../operation.ts";
import { AriFailure } from "../wire.ts";
import { DONE, type Handlers, list, pathParameter, reply } from "./handler.ts";
import { playedOut } from "./turn.ts";

export const BRIDGES: Handlers<"bridges"> = {
  list: ({ pbx }) => reply(pbx.bridges.all.map((bridge) => bridge.toJson())),
  create,
  createWithId: create,
  get: ({ pbx }, params) => reply(pbx.bridges.get(pathParameter(params, "bridgeId")).toJson()),
  destroy: ({ pbx }, params) => {
    pbx.bridges.destroy(pbx.bridges.get(pathParameter(params, "bridgeId")));
    return DONE;
  },
  addChannel: async (context, params) => {
    const { bridge, channels } = bridgeAndChannels(context, params);
    for (const channel of channels) {
      await playedOut(context.pbx, channel);
      context.pbx.bridges.add(bridge, channel);
    }
    return DONE;
  },
  removeChannel: async (context, params) => {
    const { bridge, channels } = bridgeAndChannels(context, params);
    for (const channel of channels) {
      await playedOut(context.pbx, channel);
      context.pbx.bridges.remove(bridge, channel);
    }
    return DONE;
  },
};

function create({ pbx }: OperationContext, params: Parameters): OperationReply {
  const id = params.text("bridgeId") ?? crypto.randomUUID();
  const type = params.text("type") ?? "mixing";
  return reply(pbx.bridges.create(id, params.text("name") ?? "", type).toJson());
}

function bridgeAndChannels({ pbx }: OperationContext, params: Parameters) {
  const bridge = pbx.bridges.get(pathParameter(params, "bridgeId"));
  const ids = list(params, "channel");
  if (ids.length === 0) throw new AriFailure(400, "Missing parameter channel");
  const channels = ids.map((id) => {
    const channel = pbx.channels.get(id);
    if (!channel) throw new AriFailure(400, "Channel not found");
    if (channel.app === undefined) throw new AriFailure(422, "Channel not in Stasis application");
    return channel;
  });
  return { bridge, channels };
}
