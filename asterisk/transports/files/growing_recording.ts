// Listens to a recording while the PBX is still writing it.

import { type Pcm, pcmFromBytes } from "../../../media/frame.ts";
import { SYSTEM_TIME, type TimeSource } from "../../../media/playout/frame_clock.ts";
import { TransportError } from "../error.ts";
import { RECORDING_RATE_HZ } from "./files_control.ts";
import { LineInput } from "../line_input.ts";

const READ_BYTES = 65_536;
/** What has been heard is cut off the file when it is this long (22 s): it would fill the disk. */
const CUT_AT_BYTES = 4 * 1024 * 1024;
/** The PBX writes every 170 ms; what is cut this soon after a block has come cannot be the next one. */
const CUT_WITHIN_MS = 80;

/** Reads what has been added each time it is asked to. */
export class GrowingRecording implements AsyncDisposable {
  readonly #path: string;
  readonly #cutAtBytes: number;
  readonly #time: TimeSource;
  readonly #buffer = new Uint8Array(READ_BYTES);
  #file: Deno.FsFile | undefined;
  #input: LineInput | undefined;
  #reading: Promise<void> | undefined;
  #position = 0;
  #cutAt = 0;
  #canCut = true;
  #lookedAt = 0;
  #over = false;

  constructor(path: string, time: TimeSource = SYSTEM_TIME, cutAtBytes: number = CUT_AT_BYTES) {
    this.#path = path;
    this.#time = time;
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

  /** Reads what has been added since the last time; one reading at a time. */
  poll(): Promise<void> {
    if (this.#over || !this.#file) return Promise.resolve();
    this.#reading ??= this.#read(this.#file).finally(() => this.#reading = undefined);
    return this.#reading;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    try {
      await this.#reading;
    } finally {
      this.#file?.close();
      this.#input?.[Symbol.dispose]();
    }
  }

  async #read(file: Deno.FsFile): Promise<void> {
    const lastLook = this.#lookedAt;
    this.#lookedAt = this.#time.now();
    const before = this.#position;
    for (;;) {
      const count = await file.read(this.#buffer);
      if (count === null || count === 0 || this.#over) break;
      this.#position += count;
      // Asterisk writes whole blocks, so no sample is ever cut in two.
      this.#input?.push(pcmFromBytes(this.#buffer.subarray(0, count)));
    }
    const due = this.#position - this.#cutAt >= this.#cutAtBytes;
    const fresh = this.#position > before && this.#time.now() - lastLook < CUT_WITHIN_MS;
    if (due && fresh && this.#canCut && !this.#over) this.#cut();
  }

  /**
   * Gives the disk back what has been read. The PBX writes on at its own place, so the file keeps
   * its length and becomes sparse.
   */
  #cut(): void {
    this.#cutAt = this.#position;
    try {
      Deno.truncateSync(this.#path);
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
