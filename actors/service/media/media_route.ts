// Which way the audio of calls travels on the PBX we are connected to: asked of it after every
// connection, since it may come back as another version with other modules.

import type { AriCommands } from "../../../asterisk/ari/mod.ts";
import {
  chooseTransport,
  type PbxFacts,
  planMedia,
  type TransportKind,
} from "../../../asterisk/transports/choose.ts";
import { folderProblem } from "../../../asterisk/transports/files/folders.ts";
import { sweepPhraseFiles } from "../../../asterisk/transports/files/phrase_files.ts";
import { logger } from "../../../config/logging.ts";
import type { Settings } from "../../../config/settings.ts";
import type { MediaPlan } from "../../../media/transport.ts";

const log = logger("media");

type FilesPlan = Extract<MediaPlan, { kind: "files" }>;

/** No call's audio can be carried on this PBX: the message says why, and what to do. */
export class MediaRouteError extends Error {
  override readonly name = "MediaRouteError";
}

/** The way of all calls, once the PBX has been asked. */
export class MediaRoute {
  readonly #settings: Settings;
  #plan = Promise.withResolvers<MediaPlan>();
  #problem: string | undefined = "the PBX has not been asked yet how audio can travel";
  #told = "";
  #files: FilesPlan | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#plan.promise.catch(() => {});
  }

  /** Why calls have no audio; undefined when they have. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /**
   * What a call isolate is to make ready; waits until the PBX has been asked.
   *
   * @throws {MediaRouteError} when no way is possible.
   * @throws the signal's reason when it aborts first.
   */
  async plan(signal: AbortSignal): Promise<MediaPlan> {
    signal.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const onAbort = () => aborted.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([this.#plan.promise, aborted.promise]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** True while no PBX has told what it has. */
  get unknown(): boolean {
    return this.#told === "";
  }

  /**
   * Asks the PBX what it has, and chooses. What was chosen before holds meanwhile.
   *
   * @throws {AriError} when the PBX does not tell.
   */
  async choose(commands: AriCommands): Promise<void> {
    const pbx = await askedOf(commands);
    const choice = chooseTransport(this.#settings, pbx);
    const { kind } = choice;
    if (kind === undefined) return this.#refuse(choice.why);
    const plan = await this.#planFor(kind, pbx, commands);
    if (plan.kind === "files") {
      const obstacle = await folderProblem(plan);
      if (obstacle) return this.#refuse(obstacle.message);
    }
    this.#files = plan.kind === "files" ? plan : undefined;
    if (this.unknown) await this.tidyUp();
    this.#settle(plan);
    this.#tell(
      kind,
      () => log.info("audio of calls travels by", { transport: kind, why: choice.why }),
    );
  }

  /** Removes the files of calls that died; to be called when no call is up. */
  async tidyUp(): Promise<void> {
    if (this.#files) await sweepPhraseFiles(this.#files.soundsDir, this.#files.language);
  }

  async #planFor(kind: TransportKind, pbx: PbxFacts, commands: AriCommands): Promise<MediaPlan> {
    const folders = { dataDir: "", spoolDir: "" };
    if (kind === "files") {
      const asked = ["ASTDATADIR", "ASTSPOOLDIR"].map((name) => commands.globalVariable(name));
      [folders.dataDir = "", folders.spoolDir = ""] = await Promise.all(asked);
    }
    return planMedia(kind, this.#settings, pbx, folders);
  }

  #settle(plan: MediaPlan): void {
    this.#problem = undefined;
    this.#renew();
    this.#plan.resolve(plan);
  }

  #refuse(why: string): void {
    this.#problem = `no way for the audio of calls: ${why}`;
    this.#renew();
    this.#plan.reject(new MediaRouteError(this.#problem));
    this.#tell(
      this.#problem,
      () =>
        log.error("calls cannot be taken: there is no way for their audio", {
          why,
          fix: "run the doctor: it names the modules to load and the settings to change",
        }),
    );
  }

  /** Those who wait are given the new answer, too. */
  #renew(): void {
    const waiting = this.#plan;
    this.#plan = Promise.withResolvers();
    this.#plan.promise.catch(() => {});
    this.#plan.promise.then(waiting.resolve, waiting.reject);
  }

  /** Once for each outcome: the PBX may come and go often. */
  #tell(what: string, say: () => void): void {
    if (this.#told === what) return;
    this.#told = what;
    say();
  }
}

async function askedOf(commands: AriCommands): Promise<PbxFacts> {
  const [info, modules] = await Promise.all([commands.info(), commands.modules()]);
  return {
    version: info.system?.version ?? "",
    modules: modules.filter(({ status }) => status === "Running").map(({ name }) => name),
  };
}
