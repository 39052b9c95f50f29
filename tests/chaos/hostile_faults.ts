// Faults that others inflict by what they send: a model's or a voice's server, the PBX, a browser, a caller's phone.
// No call may notice any of them.

import { pause } from "../../runtime/waiting.ts";
import type { Border } from "../hostile/border.ts";
import { ariEvents } from "../hostile/borders/ari_events.ts";
import { consoleRequests } from "../hostile/borders/console_requests.ts";
import { Mutator } from "../hostile/mutator.ts";
import type { Fault, Victim } from "./fault.ts";

/** How long a server is hostile, in ms: several calls ask meanwhile. */
const HOSTILE_MS = 4000;
const INPUTS = 400;
/** Calls that one phone makes at once. */
const CALLS_OF_ONE = 40;
/** Its number ends in other digits than those of the storm's callers. */
const NUMBER_OF_ONE = "5559999";
const HELD_MS = 1500;

/** All of them. */
export const HOSTILE_FAULTS: readonly Fault[] = [
  {
    kind: "hostile model",
    share: 3,
    hits: "no call",
    async inflict({ model }) {
      const at = Date.now();
      model.hostile = true;
      await pause(HOSTILE_MS);
      model.hostile = false;
      return at;
    },
  },
  {
    kind: "hostile voice",
    share: 3,
    hits: "no call",
    async inflict({ model }) {
      const at = Date.now();
      model.hostileVoice = true;
      await pause(HOSTILE_MS);
      model.hostileVoice = false;
      return at;
    },
  },
  inputsTo(ariEvents, "hostile ARI events"),
  inputsTo(consoleRequests, "hostile console"),
  {
    kind: "calls of one phone",
    share: 2,
    hits: "no call",
    async inflict({ pbx }) {
      const at = Date.now();
      const callers = await Promise.all(
        Array.from({ length: CALLS_OF_ONE }, () => pbx.call({ callerNumber: NUMBER_OF_ONE })),
      );
      // Most are refused: nobody answers them.
      for (const caller of callers) caller.answered.catch(() => undefined);
      await pause(HELD_MS);
      await Promise.all(callers.map((caller) => caller.hangUp()));
      return at;
    },
  },
];

function inputsTo(border: Border, kind: string): Fault {
  let times = 0;
  return {
    kind,
    share: 2,
    hits: "no call",
    async inflict({ service, pbx }: Victim) {
      const at = Date.now();
      await using gate = await border.open({ service, pbx, channels: [] });
      const seed = times++;
      for (let index = 0; index < INPUTS; index++) {
        await gate.take(new Mutator(seed, border.name, index), index);
      }
      await gate.settled?.();
      return at;
    },
  };
}
