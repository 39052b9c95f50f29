// A hostile run: batches of inputs across every border, with calls beside them that must go on.

import { holdsWithin, startSimulator } from "../../testing/mod.ts";
import { type Holdings, ServiceProcess } from "../chaos/service_process.ts";
import type { Report } from "../chaos/report.ts";
import type { Finding } from "./border.ts";
import { BORDERS } from "./borders/mod.ts";
import { CallsBeside } from "./calls_beside.ts";
import { leakingLines, OwnLog, ServiceLog } from "./log_tail.ts";
import { sendToOwnCode } from "./own_code.ts";
import { type Patient, sendToService } from "./running_service.ts";

/** A run's dimensions. */
export interface HostileOptions {
  readonly seed: number;
  /** Inputs in all, shared out among the borders. */
  readonly inputs: number;
  /** Only this border. */
  readonly border?: string;
  /** The index of the first input: to replay a finding. */
  readonly from: number;
  /** The log level of the running service. */
  readonly logLevel: string;
}

/** Inputs across one border before the calls beside are asked whether they still converse. */
const BATCH = 50_000;
/** What a service may hold more than before: a reconnecting socket, a pool being refilled, a warm heap. */
const SLACK = { files: 24, threads: 8, rssMb: 250 };
/** How long it may take to give back what a batch made it hold. */
const BACK_MS = 45_000;
/** Calls at once: the calls beside, and a few that hostile events make. */
const MAX_CALLS = 8;

/** What a border has cost. */
interface Row {
  readonly border: string;
  inputs: number;
  findings: number;
  harmed: number;
  seconds: number;
}

/** Runs it and reports a check for each border, then a table. */
export async function hostile(options: HostileOptions, report: Report): Promise<void> {
  const { seed, inputs, from } = options;
  const borders = BORDERS.filter(({ name }) => (options.border ?? name) === name);
  if (borders.length === 0) {
    const names = BORDERS.map(({ name }) => name).join(", ");
    throw new TypeError(`--border takes one of ${names}; not ${options.border}`);
  }
  await report.heading(`hostile: ${inputs} inputs across ${borders.length} borders, seed ${seed}`);
  await using scope = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "voxbot-hostile-" });
  scope.defer(() => Deno.remove(folder, { recursive: true }).catch(() => undefined));
  const ownLog = scope.use(new OwnLog());
  const surroundings = scope.use(await Surroundings.start(folder, options.logLevel));

  const shares = borders.reduce((sum, { share }) => sum + share, 0);
  const rows: Row[] = [];
  const findings: Finding[] = [];
  for (const border of borders) {
    const row: Row = { border: border.name, inputs: 0, findings: 0, harmed: 0, seconds: 0 };
    rows.push(row);
    const count = Math.max(1, Math.round(inputs * border.share / shares));
    const startedAt = performance.now();
    const problems: string[] = [];
    for (let done = 0; done < count; done += BATCH) {
      const span = { from: from + done, to: from + Math.min(count, done + BATCH) };
      const found = border.live
        ? await sendToService(border, surroundings.patient, seed, span)
        : await sendToOwnCode(border, surroundings.patient, seed, span, ownLog);
      const harm = [...surroundings.takeHarm(), ...await surroundings.harmed()];
      row.inputs += span.to - span.from;
      row.harmed += harm.length;
      findings.push(...found);
      row.findings += found.length;
      problems.push(...found.map((finding) => describe(finding, seed)), ...harm);
      problems.push(...await surroundings.heldOn());
    }
    row.seconds = Math.round((performance.now() - startedAt) / 1000);
    await report.check(
      `${border.name}: ${row.inputs} inputs, and the calls beside converse`,
      problems,
    );
  }
  await report.check("no planted secret, number or word is in any log", await surroundings.leaks());
  await table(rows, surroundings.asked, report);
  if (report.counts.failed > 0) {
    const kept = await Deno.makeTempFile({ prefix: "voxbot-hostile-", suffix: ".log" });
    await Deno.copyFile(`${folder}/service.log`, kept);
    await report.line(`the service's log: ${kept}`);
  }
}

/** How to see it again. */
function describe({ border, from, to, what, input }: Finding, seed: number): string {
  const replay = `--seed ${seed} --border ${border} --from ${from} --inputs ${to - from}`;
  const shown = input === undefined ? "" : `\n         input: ${short(JSON.stringify(input))}`;
  return `${what}\n         replay: deno task test:hostile ${replay}${shown}`;
}

function short(text: string): string {
  return text.length <= 600 ? text : `${text.slice(0, 600)}… (${text.length} characters)`;
}

async function table(rows: readonly Row[], asked: number, report: Report): Promise<void> {
  await report.line("\nborder              inputs  findings  calls harmed  seconds");
  const sum = (what: "inputs" | "findings" | "harmed" | "seconds") =>
    rows.reduce((total, row) => total + row[what], 0);
  const all = {
    border: "all",
    inputs: sum("inputs"),
    findings: sum("findings"),
    harmed: sum("harmed"),
    seconds: sum("seconds"),
  };
  for (const { border, inputs, findings, harmed, seconds } of [...rows, all]) {
    await report.line(
      `${border.padEnd(18)} ${String(inputs).padStart(7)} ${String(findings).padStart(9)} ${
        String(harmed).padStart(13)
      } ${String(seconds).padStart(8)}`,
    );
  }
  await report.line(`questions answered in the calls beside: ${asked}`);
}

/** The PBX, the service, and the calls beside. */
class Surroundings implements AsyncDisposable {
  readonly patient: Patient;
  readonly #scope: AsyncDisposableStack;
  readonly #idle: { holdings: Holdings };
  readonly #begin: () => Promise<void>;
  #beside: CallsBeside;
  #asked = 0;
  #harm: string[] = [];

  private constructor(
    scope: AsyncDisposableStack,
    patient: Omit<Patient, "revive" | "channels">,
    beside: CallsBeside,
    holdings: Holdings,
  ) {
    this.#scope = scope;
    this.#beside = beside;
    this.#idle = { holdings };
    const { pbx, service } = patient;
    this.#begin = async () => {
      this.#asked += this.#beside.asked;
      this.#beside = await CallsBeside.begin(pbx, service);
      await settled(service);
      this.#idle.holdings = await service.holdings();
    };
    const channels = () => this.#beside.channels;
    this.patient = {
      ...patient,
      get channels() {
        return channels();
      },
      revive: async () => {
        this.#harm.push(
          ...Array.from(
            { length: this.#beside.size },
            (_, i) => `call ${i}: ended with the service`,
          ),
        );
        await service.kill();
        await service.start();
        await service.ready();
        await this.#begin();
      },
    };
  }

  /** Starts a service on a simulated PBX, and calls. */
  static async start(folder: string, logLevel: string): Promise<Surroundings> {
    await using scope = new AsyncDisposableStack();
    const pbx = scope.use(await startSimulator({ isolate: true }));
    const service = scope.use(
      new ServiceProcess(folder, {
        ...pbx.env,
        AGENT_PROVIDER: "extractive",
        CALL_POOL_SIZE: "2",
        CALL_POOL_MAX: "2",
        MAX_CALLS: String(MAX_CALLS),
        // The calls beside are as long as the run, and silent between two batches.
        CALL_INACTIVITY_TIMEOUT: "86400",
        MAX_CALL_SECONDS: "86400",
        FAULT_INJECTION: "0",
        LOG_LEVEL: logLevel,
      }),
    );
    await service.start();
    await service.ready();
    const log = new ServiceLog(folder);
    const beside = await CallsBeside.begin(pbx, service);
    await settled(service);
    return new Surroundings(
      scope.move(),
      { pbx, service, log },
      beside,
      await service.holdings(),
    );
  }

  /** Questions that were answered so far. */
  get asked(): number {
    return this.#asked + this.#beside.asked;
  }

  /** The harm that came to calls while inputs were sent. */
  takeHarm(): string[] {
    return this.#harm.splice(0);
  }

  /** Lets the calls beside converse. Calls that were harmed are placed anew. */
  async harmed(): Promise<string[]> {
    const harm = await this.#beside.converse();
    if (harm.length > 0) {
      await this.#beside.hangUp();
      await this.#begin();
    }
    return harm;
  }

  /** What the service still holds of the inputs, after a while. */
  async heldOn(): Promise<string[]> {
    const { service } = this.patient;
    const before = this.#idle.holdings;
    let more: string[] = [];
    await holdsWithin(BACK_MS, async () => {
      const now = await service.holdings();
      more = (["files", "threads", "rssMb"] as const)
        .filter((what) => now[what] > before[what] + SLACK[what])
        .map((what) => `the service holds on: ${what} ${before[what]} before, ${now[what]} after`);
      return more.length === 0;
    });
    return more;
  }

  /** Lines of the whole log that show something planted. */
  async leaks(): Promise<string[]> {
    return leakingLines(await Deno.readTextFile(`${this.patient.service.dataDir}/service.log`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#beside.hangUp();
    await this.#scope[Symbol.asyncDispose]();
  }
}

/** Waits until the pool is full. */
async function settled(service: ServiceProcess): Promise<void> {
  await holdsWithin(BACK_MS, async () => await service.metric("isolate_pool_size") >= 2);
}
