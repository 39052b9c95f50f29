// How the audio of calls travels on the PBX we are connected to. We ask it after every connection,
// since it may come back as another version with other modules.

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
import { abortable } from "../../../runtime/waiting.ts";
import { type RecordingCommands, sweepRecordings } from "./stray_recordings.ts";

const log = logger("media");

/** The commands that ask a PBX what it has. */
export type RouteCommands =
  & Pick<AriCommands, "globalVariable" | "info" | "modules">
  & RecordingCommands;

type FilesPlan = Extract<MediaPlan, { kind: "files" }>;

/** This PBX can carry no call's audio. The message says why, and what to do. */
export class MediaRouteError extends Error {
  override readonly name = "MediaRouteError";
}

/** The route of all calls' audio, known once the PBX has been asked. */
export class MediaRoute {
  readonly #settings: Settings;
  #plan = Promise.withResolvers<MediaPlan>();
  #problem: string | undefined = "the PBX has not been asked yet how audio can travel";
  /** The outcome that was logged last; empty before the first. */
  #logged = "";
  #files: FilesPlan | undefined;
  #commands: RouteCommands | undefined;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#plan.promise.catch(() => {});
  }

  /** Why calls can have no audio; undefined when they can. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /**
   * The media that a call isolate must prepare. Waits until the PBX has been asked.
   *
   * @throws {MediaRouteError} when no transport is possible.
   * @throws the signal's reason when it aborts first.
   */
  async plan(signal: AbortSignal): Promise<MediaPlan> {
    return await abortable(this.#plan.promise, signal);
  }

  /** No PBX has been asked yet. */
  get unknown(): boolean {
    return this.#logged === "";
  }

  /**
   * Asks the PBX what it has, and chooses a transport. Until it answers, the earlier choice holds.
   *
   * @throws {AriError} when the PBX does not answer.
   */
  async choose(commands: RouteCommands): Promise<void> {
    this.#commands = commands;
    const pbx = await factsOf(commands);
    const choice = chooseTransport(this.#settings, pbx);
    const { kind } = choice;
    if (kind === undefined) return this.#refuse(choice.why);
    const plan = await this.#planFor(kind, pbx, commands);
    if (plan.kind === "files") {
      const obstacle = await folderProblem(plan);
      if (obstacle) return this.#refuse(obstacle.message);
    }
    this.#files = plan.kind === "files" ? plan : undefined;
    // Recordings wait for a reconciliation: calls of an earlier run want their isolates now.
    if (this.unknown) await this.#removePhrases();
    this.#settle(plan);
    this.#logOnce(
      kind,
      () => log.info("audio of calls travels by", { transport: kind, why: choice.why }),
    );
  }

  /** Removes the files that dead calls left behind. Call it only while no call is up. */
  async tidyUp(): Promise<void> {
    await this.#removePhrases();
    await this.removeRecordings();
  }

  /** Removes what dead calls left of their callers' audio on the PBX. At any time. */
  async removeRecordings(): Promise<void> {
    if (this.#files && this.#commands) await sweepRecordings(this.#commands);
  }

  async #removePhrases(): Promise<void> {
    if (this.#files) await sweepPhraseFiles(this.#files.soundsDir, this.#files.language);
  }

  async #planFor(kind: TransportKind, pbx: PbxFacts, commands: RouteCommands): Promise<MediaPlan> {
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
    this.#logOnce(
      this.#problem,
      () =>
        log.error("calls cannot be taken: there is no way for their audio", {
          why,
          fix: "run the doctor: it names the modules to load and the settings to change",
        }),
    );
  }

  /** Those who still wait get the new answer, too. */
  #renew(): void {
    const waiting = this.#plan;
    this.#plan = Promise.withResolvers();
    this.#plan.promise.catch(() => {});
    this.#plan.promise.then(waiting.resolve, waiting.reject);
  }

  /** Logs an outcome unless it is the last one's: the PBX may come and go often. */
  #logOnce(outcome: string, write: () => void): void {
    if (this.#logged === outcome) return;
    this.#logged = outcome;
    write();
  }
}

async function factsOf(commands: RouteCommands): Promise<PbxFacts> {
  const [info, modules] = await Promise.all([commands.info(), commands.modules()]);
  return {
    version: info.system?.version ?? "",
    modules: modules.filter(({ status }) => status === "Running").map(({ name }) => name),
  };
}
