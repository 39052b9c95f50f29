// `/asterisk`: the PBX itself.

import { ASTERISK_ID } from "../applications.ts";
import { ariDate, AriFailure } from "../wire.ts";
import { type Handlers, list, pathParameter, reply, required } from "./handler.ts";

export const ASTERISK: Handlers<"asterisk"> = {
  getInfo: ({ version, startedAt }, params) => {
    const info = {
      build: {
        os: "Linux",
        kernel: "simulated",
        machine: "simulated",
        options: "",
        date: startedAt,
        user: "",
      },
      system: { version, entity_id: ASTERISK_ID },
      config: { name: "", default_language: "en", setid: { user: "", group: "" } },
      status: { startup_time: startedAt, last_reload_time: startedAt },
    };
    const only = list(params, "only");
    if (only.length === 0) return reply(info);
    return reply(Object.fromEntries(Object.entries(info).filter(([part]) => only.includes(part))));
  },
  getGlobalVar: ({ folders }, params) => {
    const name = required(params, "variable", "Variable name is required");
    const known = { ASTDATADIR: folders?.dataDir, ASTSPOOLDIR: folders?.spoolDir };
    return reply({ value: known[name as keyof typeof known] ?? "" });
  },
  ping: () => reply({ ping: "pong", timestamp: ariDate(), asterisk_id: ASTERISK_ID }),
  listModules: ({ modules }) => reply(modules.map(describe)),
  getModule: ({ modules }, params) => {
    const name = pathParameter(params, "moduleName");
    if (!modules.includes(name)) {
      throw new AriFailure(404, "Module could not be found in running modules");
    }
    return reply(describe(name));
  },
};

function describe(module: string) {
  return {
    name: module,
    description: module,
    use_count: 0,
    status: "Running",
    support_level: "core",
  };
}
