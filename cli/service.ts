// The service: its parts, in the order they start, and stop in reverse.

import { join } from "node:path";
import { AriGate } from "../actors/service/ari_gate.ts";
import { CallIsolates } from "../actors/service/isolates/call_isolates.ts";
import { EngineHost } from "../actors/service/isolates/engine_host.ts";
import { Journal } from "../actors/service/journal.ts";
import { MediaRoute } from "../actors/service/media/media_route.ts";
import type { FaultKind } from "../actors/otp/control.ts";
import { policiesOf } from "../actors/service/policies.ts";
import { Supervisor } from "../actors/otp/supervisor.ts";
import { Switchboard } from "../actors/service/switchboard/switchboard.ts";
import { TokenBroker } from "../actors/service/isolates/token_broker.ts";
import { AriConnection } from "../asterisk/ari/mod.ts";
import { logger } from "../config/logging.ts";
import { PromptsFile } from "../config/prompts.ts";
import type { Settings } from "../config/settings.ts";
import { createConsole } from "../console/console.ts";
import { createMetrics } from "../console/metrics.ts";
import { startConsole } from "../console/server.ts";
import { checkOperatorFiles } from "./operator_files.ts";

const log = logger("service");

/** What runs inside the isolates. The service's own code never imports it. */
const CALL_MODULE = new URL("../actors/call/main.ts", import.meta.url);
const ENGINE_MODULE = new URL("../actors/engine/main.ts", import.meta.url);

/** The speech engine may be replaced this often within a minute before it is given a rest. */
const ENGINE_INTENSITY = 10;
const ENGINE_PERIOD_MS = 60_000;
/** The rest an engine is given that cannot be kept alive. */
const ENGINE_REST_MS = 30_000;

/** The engine waits no longer than this for calls of an earlier run to go on. */
const LONGEST_RESUME_MS = 3000;

/** A call whose isolate dies now is not heard until the PBX is back: it is looked for at once. */
const ARI_BACKOFF_MS = 100;

/** A running service. Disposing it ends it at once; `drain` first lets its calls finish. */
export interface Service extends AsyncDisposable {
  /** Where the console answers. */
  readonly consoleUrl: string;
  readonly switchboard: Switchboard;
  /** Resolves when the PBX is connected for the first time. */
  readonly connected: Promise<void>;
  /** The PBX is connected and calls are taken. */
  ready(): boolean;
  /** Breaks the speech engine on purpose: see `CallDirectory`. */
  injectEngineFault(kind: FaultKind): Promise<number | undefined>;
  /** Takes no new calls, lets the running ones finish, hands over those that do not in time. */
  drain(): Promise<void>;
}

/**
 * Starts the service. It answers calls as soon as the PBX is there, and waits for it for ever.
 *
 * @throws {OperatorError} when the console's port is taken, or a file that the settings name (prompts,
 *   knowledge base, key, certificate) cannot be used.
 */
export async function startService(settings: Settings): Promise<Service> {
  await using scope = new AsyncDisposableStack();
  const metrics = createMetrics();
  const journal = scope.use(new Journal(join(settings.DATA_DIR, "journal.sqlite"), metrics));

  const promptsFile = await PromptsFile.open(settings);
  await checkOperatorFiles(settings);
  const engine = new EngineHost(settings, ENGINE_MODULE, {
    onUp: () => isolates.engineUp(),
    onLost: (reason) => {
      isolates.engineLost(reason);
      if (reason !== "shutdown") metrics.engineRestarted(reason);
    },
  });
  const tokens = TokenBroker.of(settings);
  const isolates = new CallIsolates({
    settings,
    module: CALL_MODULE,
    promptsFile,
    engine,
    metrics,
    tokens,
  });
  const connection = new AriConnection(
    { url: settings.ARI_HTTP_URL, user: settings.ARI_USER, password: settings.ARI_PASSWORD },
    settings.ARI_APP_NAME,
    {
      onEvent: (event) => switchboard.onEvent(event),
      onUp: () => {
        metrics.ariConnected(true);
        gate.opened();
        chooseRoute();
        reconcile();
      },
      onDown: () => {
        metrics.ariConnected(false);
        gate.closed();
      },
    },
    { minBackoffMs: ARI_BACKOFF_MS },
  );
  const gate = new AriGate(connection, metrics);
  const route = new MediaRoute(settings);
  const chooseRoute = () => {
    gate.run((commands) => route.choose(commands)).catch((error) => {
      log.error("the PBX does not tell how audio can travel; it is asked again", {
        error,
        afterSeconds: settings.CHANNEL_MONITOR_INTERVAL,
      });
    });
  };
  const reconcile = () => {
    if (!connection.up) return;
    gate.run((commands) => switchboard.reconcile(commands)).catch((error) => {
      log.error("calls could not be reconciled with the PBX; it is tried again", {
        error,
        afterSeconds: settings.CHANNEL_MONITOR_INTERVAL,
      });
    });
  };
  const policies = policiesOf(settings);
  const switchboard = new Switchboard({
    settings,
    policies,
    ari: gate,
    route,
    isolates,
    journal,
    metrics,
  });
  const speechless = () => {
    if (needsEngine(settings)) switchboard.speechless(engineKeeper.resting);
  };

  const app = createConsole({
    calls: {
      list: () => switchboard.list(),
      get: (id) => switchboard.get(id),
      recordingPath: (id) => switchboard.recordingPath(id),
      injectFault: (id, kind) => switchboard.injectFault(id, kind),
      injectEngineFault: (kind) => engine.injectFault(kind),
    },
    health: { ready: () => readiness(connection, switchboard, route, journal) },
    metrics,
    faultInjection: settings.FAULT_INJECTION,
  });
  const console = scope.use(
    await startConsole(app, { hostname: settings.CONSOLE_HOST, port: settings.CONSOLE_PORT }),
  );

  // Callers of an earlier run wait in silence and must not wait for models, not even by sharing the
  // CPU with them: the sentence that was cut lies in the phrase cache. A first caller is better
  // served by the dialplan's fallback for a moment than by a bot that cannot speak yet.
  const resuming = switchboard.unresolved > 0;
  const engineKeeper = keepEngine(
    engine,
    speechless,
    resuming ? within(LONGEST_RESUME_MS, switchboard.resumed) : Promise.resolve(),
  );
  scope.defer(() => engineKeeper.stop());
  scope.use(isolates);
  const warm = engineKeeper.started.then(() => isolates.fill());
  if (!resuming) await warm;

  scope.use(connection);
  const connected = connection.connect();
  connected.catch((error) => log.debug("never connected", { error }));
  const monitor = setInterval(() => {
    // A module may have been loaded, or a folder opened, since.
    if (connection.up && route.problem !== undefined) chooseRoute();
    reconcile();
  }, settings.CHANNEL_MONITOR_INTERVAL * 1000);
  scope.defer(() => clearInterval(monitor));
  scope.defer(() => switchboard.letGo());
  const running = scope.move();
  return {
    consoleUrl: console.url,
    switchboard,
    connected,
    ready: () => readiness(connection, switchboard, route, journal).ready,
    injectEngineFault: (kind) => engine.injectFault(kind),
    drain: () => switchboard.drain(settings.DRAIN_TIMEOUT_SECONDS * 1000),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function readiness(
  connection: AriConnection,
  switchboard: Switchboard,
  route: MediaRoute,
  journal: Journal,
): { ready: boolean; reason: string } {
  if (switchboard.replacedAt !== undefined) {
    const since = new Date(switchboard.replacedAt).toISOString();
    return {
      ready: false,
      reason: `another client has had our Stasis application since ${since} (ARI does not tell ` +
        "which): stop it and start this service again, or give it another ARI_APP_NAME",
    };
  }
  if (!connection.up) return { ready: false, reason: "not connected to the PBX (ARI)" };
  if (route.problem !== undefined) return { ready: false, reason: route.problem };
  if (switchboard.draining) return { ready: false, reason: "draining: no new calls are taken" };
  const { problem } = journal;
  return { ready: true, reason: `connected to the PBX${problem ? `; but ${problem}` : ""}` };
}

/** Without the engine there is nobody to hear, or to speak. */
function needsEngine({ ASR_PROVIDER, TTS_PROVIDER }: Settings): boolean {
  return [ASR_PROVIDER, TTS_PROVIDER].some((services) =>
    services.every((service) => service === "local")
  );
}

/** What keeps the speech engine alive. */
interface EngineKeeper {
  /** Settles when the engine is there, or its first start has failed. */
  readonly started: Promise<void>;
  /** The engine died over and over, or does not start, and is left alone for a while. */
  readonly resting: boolean;
  stop(): Promise<void>;
}

/**
 * Keeps the speech engine alive. An engine that dies over and over is left alone for a while, as
 * calls can go on without it where their speech services are others, and is then tried again.
 *
 * @param onRest told when the rest begins and when it ends.
 * @param mayBegin the engine is not started before this settles.
 */
function keepEngine(
  engine: EngineHost,
  onRest: () => void,
  mayBegin: Promise<void>,
): EngineKeeper {
  let stopped = false;
  let resting = false;
  let supervisor: Supervisor | undefined;
  let rest: ReturnType<typeof setTimeout> | undefined;
  const begin = async (): Promise<void> => {
    if (stopped) return;
    supervisor = new Supervisor({
      intensity: ENGINE_INTENSITY,
      periodMs: ENGINE_PERIOD_MS,
      onStartFailed: (_, error) => log.error("speech engine did not start", { error }),
    });
    void supervisor.exited.then(again);
    try {
      await supervisor.start([engine.spec]);
      if (resting) {
        resting = false;
        onRest();
      }
    } catch (error) {
      log.error("speech engine did not start; calls go on without it", { error });
    }
  };
  const again = (): void => {
    if (stopped) return;
    log.error("speech engine is given a rest", { ms: ENGINE_REST_MS });
    resting = true;
    onRest();
    rest = setTimeout(() => void begin(), ENGINE_REST_MS);
  };
  return {
    started: mayBegin.then(begin),
    get resting() {
      return resting;
    },
    async stop() {
      stopped = true;
      clearTimeout(rest);
      await supervisor?.stop();
    },
  };
}

/** Resolves with `what`, or after `ms`. */
async function within(ms: number, what: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, ms);
  await Promise.race([what, late.promise]);
  clearTimeout(timer);
}
