// A recording on disk that grows while it is made, as Asterisk's does.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Pcm } from "../../../media/frame.ts";
import { interpolator, lowPass } from "../media/line.ts";

/** Asterisk's write buffer (main/file.c): the file grows by whole blocks. */
const BLOCK_BYTES = 32_768;
/** The simulator's one raw format: 96 kHz. */
export const FILE_FORMAT = "sln96";
/** 16 kHz to 96 kHz. */
const SAMPLES_OF_ONE = 6;
/**
 * Like that of Asterisk's resampler: the recogniser understands less of samples that are merely
 * held.
 */
const LOW_PASS = lowPass(24 * SAMPLES_OF_ONE, 7600 / 96_000);

/** The file of one recording. */
export class RecordingFile {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #block = new Uint8Array(BLOCK_BYTES);
  readonly #resample = interpolator(SAMPLES_OF_ONE, LOW_PASS);
  #filled = 0;

  constructor(recordingDir: string, name: string) {
    this.#path = pathOf(recordingDir, name);
    this.#file = Deno.openSync(this.#path, { write: true, create: true, truncate: true });
  }

  append(frame: Pcm): void {
    const bytes = new Uint8Array(this.#resample(frame).buffer);
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + BLOCK_BYTES - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === BLOCK_BYTES) this.#write();
    }
  }

  /** Writes the rest and closes the file. */
  close(): void {
    this.#write();
    this.#file.close();
  }

  discard(): void {
    this.#file.close();
    // It may have been deleted as a stored one meanwhile.
    if (existsSync(this.#path)) Deno.removeSync(this.#path);
  }

  #write(): void {
    const rest = this.#block.subarray(0, this.#filled);
    for (let at = 0; at < rest.length;) at += this.#file.writeSync(rest.subarray(at));
    this.#filled = 0;
  }
}

/** The names of all recordings in a folder; none where there is no folder. */
export function recordedNames(recordingDir: string | undefined): string[] {
  if (recordingDir === undefined || !existsSync(recordingDir)) return [];
  const suffix = `.${FILE_FORMAT}`;
  return [...Deno.readDirSync(recordingDir)].map(({ name }) => name)
    .filter((name) => name.endsWith(suffix)).map((name) => name.slice(0, -suffix.length));
}

/** Removes the file of a recording. */
export function removeRecordingFile(recordingDir: string, name: string): void {
  Deno.removeSync(pathOf(recordingDir, name));
}

function pathOf(recordingDir: string, name: string): string {
  return join(recordingDir, `${name}.${FILE_FORMAT}`);
}
