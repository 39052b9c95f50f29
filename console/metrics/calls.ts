// The metrics of calls, of the isolates they run in, and of their connection to the PBX.

import type { ServiceMetrics } from "../../actors/service/metrics.ts";
import type { Instruments } from "./instruments.ts";
import { observe, word } from "./values.ts";

const HANDOVER_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
const RESTART_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const WAIT_SECONDS = [1, 2.5, 5, 10, 20, 30, 60, 120, 300];
const CALL_SECONDS = [5, 15, 30, 60, 120, 300, 600, 1200, 3600];

/** How many calls there are, and how they end. */
export function callMetrics(
  make: Instruments,
): Pick<
  ServiceMetrics,
  | "callStarted"
  | "callRefused"
  | "callersWaiting"
  | "callerWaited"
  | "callEnded"
  | "liveCalls"
  | "callBounded"
  | "deadlinePassed"
> {
  const started = make.counter("calls_started", "Calls accepted");
  const refused = make.counter("calls_refused", "Calls that were not taken", ["reason"]);
  const waiting = make.gauge("callers_waiting", "Callers who wait for a line");
  const waited = make.histogram(
    "caller_wait_seconds",
    "How long callers waited for a line, by what became of them",
    WAIT_SECONDS,
    ["outcome"],
  );
  const ended = make.counter("calls_ended", "Calls that have ended", ["reason"]);
  const duration = make.histogram("call_duration_seconds", "Length of a call", CALL_SECONDS);
  const live = make.gauge("calls_live", "Calls in progress");
  const bounded = make.counter(
    "calls_at_bound",
    "Calls handed over because they had used up MAX_TURNS or LLM_CALL_TOKENS",
    ["bound"],
  );
  const deadlines = make.counter(
    "phase_deadlines",
    "Phases that outlasted their deadline, and what followed",
    ["phase", "action"],
  );
  return {
    callStarted: () => started.inc(),
    callRefused: (reason) => refused.inc({ reason: word(reason) }),
    callersWaiting: (count) => waiting.set(count),
    callerWaited: (outcome, seconds) => observe(waited, { outcome }, seconds * 1000),
    callEnded(reason, seconds) {
      ended.inc({ reason: word(reason) });
      observe(duration, {}, seconds * 1000);
    },
    liveCalls: (count) => live.set(count),
    callBounded: (bound) => bounded.inc({ bound: word(bound) }),
    deadlinePassed: (phase, action) => deadlines.inc({ phase, action: word(action) }),
  };
}

/** What becomes of isolates. */
export function isolateMetrics(
  make: Instruments,
): Pick<
  ServiceMetrics,
  "isolateHandedOver" | "poolSize" | "poolAim" | "callRestarted" | "engineRestarted"
> {
  const handover = make.histogram(
    "isolate_handover_seconds",
    "From choosing a warm isolate to its confirmation that it has the call",
    HANDOVER_SECONDS,
  );
  const poolSize = make.gauge("isolate_pool_size", "Warm call isolates waiting");
  const poolAim = make.gauge(
    "isolate_pool_aim",
    "Warm call isolates that there should be: CALL_POOL_SIZE, more while calls come fast",
  );
  const restarts = make.counter(
    "call_restarts",
    "Call isolates that died and were replaced, by how they ended and the phase of the call",
    ["reason", "phase"],
  );
  const restartWait = make.histogram(
    "call_restart_wait_seconds",
    "From an isolate's death to its replacement taking over",
    RESTART_SECONDS,
    ["reason"],
  );
  const engineRestarts = make.counter(
    "engine_restarts",
    "Restarts of the speech engine, by how it ended",
    ["reason"],
  );
  return {
    isolateHandedOver: (ms) => observe(handover, {}, ms),
    poolSize: (count) => poolSize.set(count),
    poolAim: (count) => poolAim.set(count),
    callRestarted(reason, phase, waitedMs) {
      restarts.inc({ reason, phase });
      observe(restartWait, { reason }, waitedMs);
    },
    engineRestarted: (reason) => engineRestarts.inc({ reason }),
  };
}

/** The connection to the PBX. */
export function ariMetrics(
  make: Instruments,
): Pick<ServiceMetrics, "ariConnected" | "ariCommandFailed" | "ariEventDropped"> {
  const up = make.gauge("ari_up", "1 while the ARI events socket is open");
  const connects = make.counter("ari_connects", "Times the ARI events socket was opened");
  const dropped = make.counter(
    "ari_events_dropped",
    "Messages of the ARI events socket that changed nothing",
    ["reason"],
  );
  const commandErrors = make.counter(
    "ari_command_errors",
    "ARI commands that failed, by HTTP status (0: no answer)",
    ["status"],
  );
  let wasUp = false;
  return {
    ariConnected(isUp) {
      up.set(isUp ? 1 : 0);
      if (isUp && !wasUp) connects.inc();
      wasUp = isUp;
    },
    ariEventDropped: (why) => dropped.inc({ reason: word(why) }),
    ariCommandFailed: (status) => commandErrors.inc({ status: String(status) }),
  };
}
