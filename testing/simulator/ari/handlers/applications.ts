// `/applications`: who listens, and which channels and bridges they have.

import type { SimulatedPbx } from "../../pbx/pbx.ts";
import { AriFailure } from "../wire.ts";
import { type Handlers, pathParameter, reply } from "./handler.ts";

export const APPLICATIONS: Handlers<"applications"> = {
  list: ({ pbx }) => reply(listed(pbx).map((name) => describe(pbx, name))),
  get: ({ pbx }, params) => {
    const name = pathParameter(params, "applicationName");
    if (!listed(pbx).includes(name)) throw new AriFailure(404, "Application not found");
    return reply(describe(pbx, name));
  },
};

function listed(pbx: SimulatedPbx): string[] {
  return pbx.applications.listed((name) => channelsOf(pbx, name).length > 0);
}

function describe(pbx: SimulatedPbx, name: string) {
  return {
    name,
    channel_ids: channelsOf(pbx, name),
    bridge_ids: pbx.bridges.all
      .filter(({ channels }) => [...channels].some(({ app }) => app === name))
      .map(({ id }) => id),
    endpoint_ids: [],
    device_names: [],
    events_allowed: [],
    events_disallowed: [],
  };
}

function channelsOf(pbx: SimulatedPbx, name: string): string[] {
  return [...pbx.channels.values()]
    .filter(({ apps }) => apps.includes(name))
    .map(({ id }) => id);
}
