// The faults: what each breaks, and how it is undone if it does not heal by itself.

import { pause } from "../../runtime/waiting.ts";
import type { FaultKind } from "../../actors/otp/control.ts";
import type { Fault } from "./fault.ts";
import { HOSTILE_FAULTS } from "./hostile_faults.ts";

/** How long a disturbance lasts. */
const DISTURBED_MS = 2500;
/** How late a slow PBX answers. */
const SLOW_MS = 300;
/** The gate tries three times, so it must survive two failures. */
const FAILURES = 2;

/** Every kind. */
export const FAULTS: readonly Fault[] = [
  ofCall("throw", 20),
  ofCall("exit", 17),
  ofCall("oom", 17),
  ofCall("hang", 12),
  ofEngine("throw", 2),
  ofEngine("exit", 2),
  ofEngine("oom", 2),
  ofEngine("hang", 2),
  {
    kind: "media cut",
    share: 10,
    hits: "the call",
    async inflict({ pbx, callId }) {
      const prefix = `voxbot-${callId}-`;
      const channel = (await pbx.channels()).find(({ id }) => id.startsWith(prefix));
      if (!channel) return undefined;
      const at = Date.now();
      await pbx.cutMedia(channel.id);
      return at;
    },
  },
  {
    kind: "ARI events cut",
    share: 5,
    hits: "no call",
    async inflict({ pbx }) {
      const at = Date.now();
      await pbx.cutEvents();
      return at;
    },
  },
  {
    kind: "slow ARI, then throw",
    share: 3,
    hits: "the call",
    slowsOthers: true,
    async inflict({ pbx, service, callId }) {
      await pbx.delayReplies(SLOW_MS);
      try {
        return await service.breakCall(callId, "throw");
      } finally {
        await pause(DISTURBED_MS);
        await pbx.delayReplies(0);
      }
    },
  },
  {
    kind: "ARI 500s, then exit",
    share: 3,
    hits: "the call",
    async inflict({ pbx, service, callId }) {
      await pbx.failCommands(FAILURES);
      return await service.breakCall(callId, "exit");
    },
  },
  {
    kind: "disk full, then oom",
    share: 2,
    hits: "the call",
    async inflict({ disk, service, callId }) {
      if (!disk) return undefined;
      await disk.fill();
      try {
        return await service.breakCall(callId, "oom");
      } finally {
        await pause(DISTURBED_MS);
        await disk.free();
        // The backlog is written now; a kill before that would really lose it.
        await pause(DISTURBED_MS);
      }
    },
  },
  {
    kind: "kill -9",
    share: 3,
    hits: "all calls",
    async inflict({ service }) {
      await service.kill();
      await service.start();
      return service.startedAt;
    },
  },
  ...HOSTILE_FAULTS,
];

function ofCall(kind: FaultKind, share: number): Fault {
  return {
    kind,
    share,
    hits: "the call",
    inflict: ({ service, callId }) => service.breakCall(callId, kind),
  };
}

function ofEngine(kind: FaultKind, share: number): Fault {
  return {
    kind: `engine ${kind}`,
    share,
    hits: "no call",
    inflict: ({ service }) => service.breakEngine(kind),
  };
}
