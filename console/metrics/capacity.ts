// The metrics of the service's capacity: what is used of it, and how many more calls it has room for.

import type { ServiceMetrics } from "../../actors/service/metrics.ts";
import type { Instruments } from "./instruments.ts";

/** Registers the metrics and returns the function that sets them. */
export function capacityMetrics(make: Instruments): ServiceMetrics["capacityMeasured"] {
  const share = make.gauge(
    "capacity_used",
    "Share of what calls may use of a resource: now, and predicted for when all calls have settled",
    ["resource", "when"],
  );
  const room = make.gauge("headroom_calls", "How many more calls would be taken now");
  const pressure = make.gauge("pressure", "1 while calls leave out what is optional");
  const lag = make.gauge("timer_lag_seconds", "How late timers of the service's thread come");
  return ({ shares, roomForCalls, high, lagMs }) => {
    for (const { resource, present, predicted } of shares) {
      share.set({ resource, when: "now" }, present);
      share.set({ resource, when: "predicted" }, predicted);
    }
    room.set(roomForCalls);
    pressure.set(high ? 1 : 0);
    lag.set(lagMs / 1000);
  };
}
