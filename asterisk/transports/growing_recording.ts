// Listens to a recording while the PBX is still writing it.

import { type Pcm, pcmFromBytes } from "../../media/frame.ts";
import { TransportError } from "./error.ts";
import { RECORDING_RATE_HZ } from "./files_control.ts";
import { LineInput } from "./line_input.ts";

const READ_BYTES = 65_536;
/** What has been heard is cut off the file when it is this long (about 90 s): it would fill the disk. */
const CUT_AT_BYTES = 16 * 1024 * 1024;

/** Reads what has been added each time it is asked to. */
export class GrowingRecording implements AsyncDisposable {
  readonly #path: string;
  readonly #cutAtBytes: number;
  readonly #buffer = new Uint8Array(READ_BYTES);
  #file: Deno.FsFile | undefined;
  #input: LineInput | undefined;
  #reading: Promise<void> = Promise.resolve();
  #busy = false;
  #uncut = 0;
  #canCut = true;
  #over = false;

  constructor(path: string, cutAtBytes: number = CUT_AT_BYTES) {
    this.#path = path;
    this.#cutAtBytes = cutAtBytes;
  }

  /**
   * Opens the recording if it is there; false while it is not.
   *
   * @throws {TransportError} when it is there and cannot be read.
   */
  async open(onFrame: (frame: Pcm) => void): Promise<boolean> {
    this.#file = await openIfThere(this.#path);
    if (!this.#file) return false;
    this.#input = await LineInput.open(RECORDING_RATE_HZ, onFrame);
    return true;
  }

  /** Begins to read what has been added, unless that is under way. */
  poll(onError: (error: unknown) => void): void {
    if (this.#busy || this.#over || !this.#file) return;
    this.#busy = true;
    this.#reading = this.#read(this.#file).catch(onError).finally(() => {
      this.#busy = false;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    await this.#reading;
    this.#file?.close();
    this.#input?.[Symbol.dispose]();
  }

  async #read(file: Deno.FsFile): Promise<void> {
    let added = 0;
    for (;;) {
      const count = await file.read(this.#buffer);
      if (count === null || count === 0 || this.#over) break;
      added += count;
      // Asterisk writes whole blocks, so no sample is ever cut in two.
      this.#input?.push(pcmFromBytes(this.#buffer.subarray(0, count)));
    }
    this.#uncut += added;
    if (added > 0 && this.#uncut >= this.#cutAtBytes) await this.#cut();
  }

  /**
   * Gives the disk back what has been read. The PBX writes on at its own place, so the file keeps
   * its length and becomes sparse. Just after a block has come no other is due, so none is lost.
   */
  async #cut(): Promise<void> {
    this.#uncut = 0;
    if (!this.#canCut) return;
    try {
      await Deno.truncate(this.#path);
    } catch (error) {
      // Not our file to write: it stays, and is removed after the call.
      if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
      this.#canCut = false;
    }
  }
}

async function openIfThere(path: string): Promise<Deno.FsFile | undefined> {
  try {
    return await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new TransportError(
      `cannot read the caller's audio at ${path} (${(error as Error).message}): let this process ` +
        "read the PBX's recordings, for example as a member of its group",
      { cause: error },
    );
  }
}
