// A switchboard with a fake PBX and fake isolates, for its tests.

import { mock } from "node:test";
import type { Settings } from "../../../config/settings.ts";
import { abortable } from "../../../runtime/waiting.ts";
import { type CallRecord, newCallRecord } from "../../call_record.ts";
import type { Resource } from "../capacity/headroom.ts";
import { ServiceRig } from "../calls/call_rig.ts";
import { Switchboard } from "./switchboard.ts";

/** A switchboard, and all it works with. Dispose it to end its calls. */
export class SwitchboardRig implements AsyncDisposable {
  readonly service: ServiceRig;
  /** As `MediaRoute` has it; no audio can travel while there is a problem. */
  readonly route = {
    problem: undefined as string | undefined,
    unknown: false,
    tidied: 0,
    plan: (signal: AbortSignal) =>
      abortable(Promise.resolve({ kind: "websocket" } as const), signal),
    tidyUp: () => Promise.resolve(void this.route.tidied++),
    sweptRecordings: 0,
    removeRecordings: () => Promise.resolve(void this.route.sweptRecordings++),
  };
  /** What ran out, so that no further call can be taken. */
  ranOut: Resource | undefined;
  #switchboard?: Switchboard;

  constructor(settings: Partial<Settings> = {}) {
    mock.timers.enable({ apis: ["setTimeout"] });
    this.service = new ServiceRig(settings);
  }

  get pbx() {
    return this.service.pbx;
  }

  /** The switchboard, made when it is first asked for: what the journal holds by then is of an earlier run. */
  get switchboard(): Switchboard {
    if (this.#switchboard) return this.#switchboard;
    const { settings, policies, isolates, journal, metrics, dayTokens, pbx } = this.service;
    const switchboard = new Switchboard({
      settings,
      policies,
      ari: pbx.gate,
      route: this.route,
      isolates,
      headroom: {
        room: () =>
          this.ranOut ? { ok: false, ranOut: this.ranOut, figures: "" } : { ok: true } as const,
      },
      journal,
      metrics,
      recording: this.service.recording,
      dayTokens,
    });
    pbx.onEvent = (event) => switchboard.onEvent(event);
    return this.#switchboard = switchboard;
  }

  /** A caller whose call the switchboard takes. */
  called(channelId: string): CallRecord {
    const { switchboard } = this;
    this.pbx.enters(channelId);
    const record = switchboard.list().find((call) => call.channelId === channelId);
    if (!record) throw new Error(`the switchboard did not take ${channelId}`);
    return record;
  }

  /** A call that an earlier run of the service left in the journal. */
  leftBehind(id: string, channelId: string): void {
    const call = newCallRecord({ id, channelId, caller: "***21", startedAt: Date.now() - 60_000 });
    this.service.journal.begin(call);
  }

  /** Reconciles with the PBX, as after a connection. */
  async reconcile(): Promise<void> {
    await this.switchboard.reconcile(this.pbx.commands);
  }

  /** Lets time pass. */
  passes(seconds: number): void {
    mock.timers.tick(seconds * 1000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#switchboard?.letGo();
    mock.timers.reset();
    this.service[Symbol.dispose]();
  }
}
