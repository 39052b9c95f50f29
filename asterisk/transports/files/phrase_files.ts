// Writes phrases as WAV files into the folder where the PBX looks for sounds.

import { join } from "node:path";
import { logger } from "../../../config/logging.ts";
import { type Pcm, SAMPLE_RATE_HZ } from "../../../media/frame.ts";
import { resample } from "../../../media/codec/resample.ts";
import { writeWav } from "../../../media/wav.ts";
import { FolderError } from "../error.ts";

const log = logger("files");

/** The rate that every Asterisk plays to every telephone. */
const FILE_RATE_HZ = 8000;
/** The start of all our file names: `sweepPhraseFiles` must not remove anyone else's. */
const PREFIX = "voxbot-";
/** More than the clocks of a file system and a process differ by. */
const YOUNG_MS = 1000;
/** The PBX runs as another user, which must be able to read whatever this process's umask is. */
const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;

/** The files of one call. */
export class PhraseFiles implements AsyncDisposable {
  readonly #written = new Set<string>();

  private constructor(readonly folder: string, readonly language: string) {}

  /**
   * Checks the folder by writing to it; creates the language's folder where the PBX has none.
   *
   * @throws {FolderError} when files cannot be written to `<soundsDir>/<language>`.
   */
  static async open(soundsDir: string, language: string): Promise<PhraseFiles> {
    const files = new PhraseFiles(join(soundsDir, language), language);
    await createIfMissing(files.folder);
    const name = phraseName();
    await files.write(name, new Int16Array(1));
    await files.remove(name);
    return files;
  }

  /**
   * Writes a phrase atomically.
   *
   * @returns its name in ARI, such as `sound:ru/voxbot-ab12`.
   * @throws {FolderError} when the folder is missing, read-only or full.
   */
  async write(name: string, pcm: Pcm): Promise<string> {
    const path = this.#path(name);
    const partial = `${path}.partial`;
    const bytes = writeWav(await resample(pcm, SAMPLE_RATE_HZ, FILE_RATE_HZ), FILE_RATE_HZ);
    this.#written.add(name);
    try {
      await Deno.writeFile(partial, bytes);
      await Deno.chmod(partial, FILE_MODE);
      await Deno.rename(partial, path);
    } catch (error) {
      await removeIfThere(partial);
      throw notWritable(this.folder, error);
    }
    return `sound:${this.language}/${name}`;
  }

  /** Removes a phrase that will not be played again. */
  async remove(name: string): Promise<void> {
    this.#written.delete(name);
    await removeIfThere(this.#path(name));
  }

  /** Removes everything left of this call. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#written].map((name) => this.remove(name)));
  }

  #path(name: string): string {
    return join(this.folder, `${name}.wav`);
  }
}

/** A unique name. */
export function phraseName(): string {
  return `${PREFIX}${crypto.randomUUID()}`;
}

/**
 * Removes the phrases that dead calls have left behind; call it while no call is up. A call that
 * begins meanwhile keeps its phrases, since files younger than `YOUNG_MS` stay.
 *
 * @returns how many were removed.
 */
export async function sweepPhraseFiles(soundsDir: string, language: string): Promise<number> {
  const folder = join(soundsDir, language);
  const before = Date.now() - YOUNG_MS;
  let removed = 0;
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (!isFile || !/^voxbot-[0-9a-f-]{36}\.wav(\.partial)?$/.test(name)) continue;
      const path = join(folder, name);
      if (((await Deno.stat(path)).mtime?.getTime() ?? 0) > before) continue;
      await removeIfThere(path);
      removed++;
    }
  } catch (error) {
    log.warn("phrases of earlier calls could not be removed", { folder, error });
  }
  return removed;
}

/** Creates the folder but not its parent: a missing sounds folder is a wrong setting. */
async function createIfMissing(folder: string): Promise<void> {
  try {
    await Deno.mkdir(folder);
    await Deno.chmod(folder, FOLDER_MODE);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw notWritable(folder, error);
  }
}

function notWritable(folder: string, error: unknown): FolderError {
  return new FolderError(
    `cannot write phrases to ${folder} (${(error as Error).message})`,
    "set ASTERISK_SOUNDS_DIR to the PBX's sounds folder, and let this process write to it",
    error,
  );
}

/** Removing is tidying up: a failure is logged and changes nothing else. */
async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      log.warn("a phrase could not be removed", { path, error });
    }
  }
}
