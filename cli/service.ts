// The service: its parts, in the order they start, and stop in reverse.

import { join } from "node:path";
import type { FaultKind } from "../actors/otp/control.ts";
import { AriGate } from "../actors/service/ari_gate.ts";
import { CapacityGuard } from "../actors/service/capacity/capacity_guard.ts";
import { closeDataFolder } from "../actors/service/data_folder.ts";
import { DailyTokens } from "../actors/service/budget/daily_tokens.ts";
import { DiskWatch } from "../actors/service/disk_watch.ts";
import { CallIsolates } from "../actors/service/isolates/call_isolates.ts";
import { EngineHost } from "../actors/service/isolates/engine_host.ts";
import { EngineKeeper, needsEngine } from "../actors/service/isolates/engine_keeper.ts";
import { TokenBroker } from "../actors/service/isolates/token_broker.ts";
import { Journal } from "../actors/service/journal/journal.ts";
import { MediaRoute } from "../actors/service/media/media_route.ts";
import type { ServiceMetrics } from "../actors/service/metrics.ts";
import { PbxMonitor } from "../actors/service/pbx_monitor.ts";
import { policiesOf } from "../actors/service/policies.ts";
import { readiness } from "../actors/service/readiness.ts";
import { ForgottenCalls } from "../actors/service/retention/forgotten_calls.ts";
import { Retention } from "../actors/service/retention/retention.ts";
import { KnownCalls } from "../actors/service/switchboard/known_calls.ts";
import { Switchboard } from "../actors/service/switchboard/switchboard.ts";
import { AriConnection } from "../asterisk/ari/mod.ts";
import { commaList } from "../config/spelling/comma_list.ts";
import { logger } from "../config/logging.ts";
import { PromptsFile } from "../config/prompts.ts";
import type { Settings } from "../config/settings.ts";
import { createConsole } from "../console/console.ts";
import { createMetrics } from "../console/metrics/mod.ts";
import type { CallDirectory } from "../console/ports.ts";
import { startConsole } from "../console/server.ts";
import { atMost } from "../runtime/waiting.ts";
import { checkOperatorFiles } from "./operator_files.ts";

const log = logger("service");

/** The isolates' entry points. The service's own code never imports them. */
const CALL_MODULE = new URL("../actors/call/main.ts", import.meta.url);
const ENGINE_MODULE = new URL("../actors/engine/main.ts", import.meta.url);

/** How long the start of the engine waits for calls of an earlier run to be resumed. */
const LONGEST_RESUME_MS = 3000;

/** A caller whose isolate dies while the PBX is away is not heard until it is back: look for it often. */
const ARI_BACKOFF_MS = 100;

/** A running service. Disposing it ends it immediately; `drain` first lets its calls finish. */
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
 * Starts the service. It answers calls as soon as the PBX is there, however long that takes.
 *
 * @throws {OperatorError} when the console's port is taken, or a file that the settings name (prompts,
 *   knowledge base, key, certificate) cannot be used.
 */
export async function startService(settings: Settings): Promise<Service> {
  await using scope = new AsyncDisposableStack();
  const metrics = createMetrics();
  closeDataFolder(settings.DATA_DIR);
  const journal = scope.use(Journal.open(join(settings.DATA_DIR, "journal.sqlite"), metrics));
  const promptsFile = await PromptsFile.open(settings);
  await checkOperatorFiles(settings);
  if (settings.RECORD_CALLS && (await promptsFile.current()).recording_notice === "") {
    log.warn("calls are recorded, and callers are not told", {
      fix:
        "give the prompts file a recording_notice, say it in the greeting, or RECORD_CALLS=false",
    });
  }
  const tokens = TokenBroker.of(settings);
  const parts = wire({ settings, metrics, journal, promptsFile, tokens });
  const { isolates, keeper, connection, monitor, switchboard, disk, ready } = parts;
  scope.use(parts.dayTokens);
  scope.use(parts.capacity).start();

  const console = scope.use(
    await startConsole(
      createConsole({
        calls: parts.calls,
        health: { ready },
        metrics,
        faultInjection: settings.FAULT_INJECTION,
        access: {
          host: settings.CONSOLE_HOST,
          allowedHosts: commaList(settings.CONSOLE_ALLOWED_HOSTS),
          token: settings.CONSOLE_TOKEN,
        },
      }),
      { hostname: settings.CONSOLE_HOST, port: settings.CONSOLE_PORT },
    ),
  );

  await scope.use(disk).start();

  // Callers of an earlier run wait in silence and must not wait for models, not even by sharing the
  // CPU with them: the sentence that was cut lies in the phrase cache. A first caller is better
  // served by the dialplan's fallback for a moment than by a bot that cannot speak yet.
  const callersWait = switchboard.unresolved > 0;
  const resumed = callersWait && atMost(LONGEST_RESUME_MS, switchboard.resumed);
  scope.use(keeper);
  scope.use(isolates);
  const warm = Promise.resolve(resumed).then(() => keeper.start()).then(() => isolates.fill());
  if (!callersWait) await warm;

  scope.use(connection);
  const connected = connection.connect();
  connected.catch((error) => log.debug("never connected", { error }));
  scope.use(monitor).start();
  scope.use(new ForgottenCalls({ journal, switchboard })).start();
  scope.use(new Retention({ settings, journal, switchboard, metrics })).start();
  scope.defer(() => switchboard.letGo());
  const running = scope.move();
  return {
    consoleUrl: console.url,
    switchboard,
    connected,
    ready: () => ready().ready,
    injectEngineFault: parts.calls.injectEngineFault,
    drain: () => switchboard.drain(settings.DRAIN_TIMEOUT_SECONDS * 1000),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** What the parts of the service share. */
interface Shared {
  readonly settings: Settings;
  readonly metrics: ServiceMetrics;
  readonly journal: Journal;
  readonly promptsFile: PromptsFile;
  readonly tokens: TokenBroker;
}

/** Connects the parts with each other; nothing is started yet. */
function wire({ settings, metrics, journal, promptsFile, tokens }: Shared) {
  const engine = new EngineHost({
    settings,
    module: ENGINE_MODULE,
    metrics,
    onMeasured: (stats) => capacity.engineMeasured(stats),
    onUp: () => isolates.engineUp(),
    onLost: (reason) => isolates.engineLost(reason),
  });
  const keeper = new EngineKeeper({
    spec: engine.spec,
    onRest: (resting) => needsEngine(settings) && switchboard.speechless(resting),
  });
  const isolates = new CallIsolates({
    settings,
    module: CALL_MODULE,
    promptsFile,
    engine,
    metrics,
    tokens,
  });
  const dayTokens = new DailyTokens({
    path: join(settings.DATA_DIR, "model-tokens.json"),
    limit: settings.LLM_DAILY_TOKENS,
    metrics,
    onSpent: (spent) => isolates.modelsSpent(spent),
  });
  const capacity: CapacityGuard = new CapacityGuard({
    settings,
    metrics,
    load: () => ({ live: switchboard.size, isolatesStarting: isolates.starting }),
    onPressure: (high) => isolates.pressure(high),
  });
  const connection = new AriConnection(
    { url: settings.ARI_HTTP_URL, user: settings.ARI_USER, password: settings.ARI_PASSWORD },
    settings.ARI_APP_NAME,
    {
      onEvent: (event) => switchboard.onEvent(event),
      onDropped: (why) => metrics.ariEventDropped(why),
      onUp: () => monitor.onUp(),
      onDown: () => monitor.onDown(),
    },
    { minBackoffMs: ARI_BACKOFF_MS },
  );
  const ari = new AriGate(connection, metrics);
  const route = new MediaRoute(settings);
  const policies = policiesOf(settings);
  const disk = new DiskWatch({ settings, metrics, onLow: () => isolates.stopRecordings() });
  const switchboard = new Switchboard({
    settings,
    policies,
    ari,
    route,
    isolates,
    headroom: capacity,
    journal,
    metrics,
    recording: disk,
    dayTokens,
  });
  const monitor = new PbxMonitor({
    gate: ari,
    route,
    switchboard,
    metrics,
    intervalSeconds: settings.CHANNEL_MONITOR_INTERVAL,
  });
  const known = new KnownCalls({ settings, switchboard, journal });
  const calls: CallDirectory = {
    page: (after, limit) => known.page(after, limit),
    get: (id) => known.get(id),
    recordingPath: (id) => known.recordingPath(id),
    injectFault: (id, kind) => switchboard.injectFault(id, kind),
    injectEngineFault: (kind) => engine.injectFault(kind),
  };
  const ready = () => readiness({ connection, switchboard, route, journal, disk, dayTokens });
  return {
    keeper,
    capacity,
    dayTokens,
    isolates,
    connection,
    switchboard,
    monitor,
    disk,
    calls,
    ready,
  };
}
