// `deno task forget`: deletes a call, or all calls of a number, so that nothing is left of them in
// DATA_DIR; while the service runs, and while it does not.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { recordingFile } from "../../actors/service/calls/recording_file.ts";
import { knownCallerKey } from "../../actors/service/journal/caller_key.ts";
import { isDamage, openDatabase } from "../../actors/service/journal/database.ts";
import { deletePiece, emptyWal } from "../../actors/service/journal/deletion.ts";
import {
  acknowledgeForgotten,
  announcedCalls,
  announceForgotten,
  callsLike,
  callsOfNumber,
  callWithId,
  isInUse,
  type KnownCall,
  phrasesOf,
  rewrite,
} from "../../actors/service/journal/forgetting.ts";
import { deleteRecording } from "../../actors/service/retention/old_files.ts";
import { keepTempFilesIn } from "../../config/environment.ts";
import { OperatorError } from "../../config/operator_error.ts";
import { PromptsFile } from "../../config/prompts.ts";
import type { Settings } from "../../config/settings.ts";
import { pause } from "../../runtime/waiting.ts";
import { forgetPhrases } from "../../speech/mod.ts";
import { HELP } from "../help.ts";
import { print, printError } from "../print.ts";

/** Where the command writes, and how long it waits; replaced in tests. */
export interface ForgetOptions {
  /** The line of the result. */
  readonly print: (line: string) => void;
  /** A line that says what is left, or went wrong. */
  readonly printError: (line: string) => void;
  /** How long a running service may take to hear of it. */
  readonly serviceMs: number;
}

/** The service looks every second. */
const SERVICE_MS = 15_000;
/** The service writes for milliseconds at a time; a sweep of many calls takes turns with it. */
const BUSY_TIMEOUT_MS = 30_000;
const LOOK_EVERY_MS = 50;

/** What was deleted. */
interface Deleted {
  recordings: number;
  phrases: number;
}

/**
 * Runs the command.
 *
 * @param args a call's id, or a number, whose parts may be arguments of their own.
 * @returns the exit code: 0 nothing is left; 1 something is, or nothing was found; 2 wrong usage.
 * @throws {OperatorError} when the journal is not there, or cannot be used.
 */
export async function forget(
  args: readonly string[],
  settings: Settings,
  options: ForgetOptions = { print, printError, serviceMs: SERVICE_MS },
): Promise<number> {
  const who = args.join(" ").trim();
  if (who === "" || who.startsWith("--")) {
    options.printError(HELP.forget);
    return 2;
  }
  const path = join(settings.DATA_DIR, "journal.sqlite");
  if (!existsSync(path)) {
    throw new OperatorError(
      `${path} is not there; run this in the bot's folder, where .env names its DATA_DIR`,
    );
  }
  keepTempFilesIn(settings.DATA_DIR);
  try {
    const running = isInUse(path);
    using db = openDatabase(path);
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    return await new Forgetting(db, path, settings, running, options).forget(who);
  } catch (error) {
    if (!isDamage(error)) throw error;
    throw new OperatorError(
      `${path} is damaged: start the service, which sets it aside, then delete that file`,
      { cause: error },
    );
  }
}

class Forgetting {
  /** Lines about what is left. */
  readonly #left: string[] = [];

  constructor(
    readonly db: DatabaseSync,
    readonly path: string,
    readonly settings: Settings,
    readonly running: boolean,
    readonly options: ForgetOptions,
  ) {}

  async forget(who: string): Promise<number> {
    const found = this.#find(who);
    // A call that has not ended is up only where a service has it.
    const up = found.filter(({ ended }) => !ended && this.running);
    const ids = found.filter((call) => !up.includes(call)).map(({ id }) => id);
    if (up.length > 0) {
      const names = up.map(({ id }) => id).join(", ");
      this.#left.push(`still up, not deleted: ${names}. Run this again when it has ended.`);
    }
    if (ids.length > 0) {
      const { recordings, phrases } = await this.#delete(ids);
      await this.#leaveNoBytes(ids);
      this.options.print(
        `Forgotten: ${plural(ids.length, "call")}, ${plural(recordings, "recording")}, ` +
          `${plural(phrases, "cached phrase")}.`,
      );
    } else if (this.#left.length === 0) {
      this.#left.push("the journal has no such call, and no call of such a number");
    }
    this.#mentionDamaged();
    for (const line of this.#left) this.options.printError(line);
    return this.#left.length > 0 ? 1 : 0;
  }

  #find(who: string): KnownCall[] {
    const call = callWithId(this.db, who);
    if (call) return [call];
    const key = knownCallerKey(this.path);
    const found = key ? callsOfNumber(this.db, key, who) : [];
    const alike = callsLike(this.db, who);
    if (alike.length > 0) {
      this.#left.push(
        "calls of version 0.2.0 are known by their last two digits only; see which of these are " +
          `meant, and forget them by id: ${alike.join(", ")}`,
      );
    }
    return found;
  }

  /** The journal last: what is interrupted can be found and continued. */
  async #delete(ids: readonly string[]): Promise<Deleted> {
    const deleted = { recordings: 0, phrases: 0 };
    const fixed = await fixedTexts(this.settings);
    announceForgotten(this.db, ids);
    for (const id of ids) {
      const said = phrasesOf(this.db, id).filter((text) => !fixed.includes(text));
      deleted.phrases += await forgetPhrases(this.settings, new Set(said));
      if (await deleteRecording(recordingFile(this.settings, id))) deleted.recordings++;
    }
    let left = [...ids];
    while (left.length > 0) {
      const gone = new Set(deletePiece(this.db, left));
      left = left.filter((id) => !gone.has(id));
    }
    return deleted;
  }

  /** Waits for the service to have nothing of it in memory, then writes the journal's file anew. */
  async #leaveNoBytes(ids: readonly string[]): Promise<void> {
    if (!this.running) acknowledgeForgotten(this.db, ids);
    const heard = () => !announcedCalls(this.db).some((id) => ids.includes(id));
    if (!await until(heard, this.options.serviceMs)) {
      this.#left.push("the service has not answered and may show the calls: restart it");
    }
    rewrite(this.db);
    if (!await until(() => emptyWal(this.db), BUSY_TIMEOUT_MS)) {
      this.#left.push("another program reads the journal: close it, and run this again");
    }
  }

  #mentionDamaged(): void {
    const { DATA_DIR } = this.settings;
    const damaged = readdirSync(DATA_DIR).filter((name) => name.includes(".damaged-"))
      .map((name) => join(DATA_DIR, name));
    if (damaged.length === 0) return;
    this.#left.push(`damaged journals may hold the call, too; delete them: ${damaged.join(" ")}`);
  }
}

/** All that the bot says by the prompts file: nobody's personal data, and worth its place in the cache. */
async function fixedTexts(settings: Settings): Promise<string> {
  const prompts = await (await PromptsFile.open(settings)).current();
  return Object.values(prompts).flat().join("\n");
}

async function until(holds: () => boolean, ms: number): Promise<boolean> {
  const end = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > end) return false;
    await pause(LOOK_EVERY_MS);
  }
  return true;
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
