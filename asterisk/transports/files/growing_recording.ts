// Reads a recording while the PBX is still writing it.

import { type Pcm, pcmFromBytes } from "../../../media/frame.ts";
import { SYSTEM_TIME, type TimeSource } from "../../../media/playout/frame_clock.ts";
import { TransportError } from "../error.ts";
import { RECORDING_RATE_HZ } from "./files_control.ts";
import { LineInput } from "../line_input.ts";

const READ_BYTES = 65_536;
/** The file is truncated each time this much (22 s) has been read: a long call would fill the disk. */
const CUT_AT_BYTES = 4 * 1024 * 1024;
/** The PBX writes every 170 ms: truncating this soon after a block has come cannot lose the next one. */
const CUT_WITHIN_MS = 80;

/** Reads, on each `poll`, what has been added. */
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
   * Opens the recording; returns false while there is none.
   *
   * @throws {TransportError} when it exists and cannot be read.
   */
  async open(onFrame: (frame: Pcm) => void): Promise<boolean> {
    this.#file = await openIfThere(this.#path);
    if (!this.#file) return false;
    this.#input = await LineInput.open(RECORDING_RATE_HZ, onFrame);
    return true;
  }

  /** Reads what has been added since the last poll; polls do not overlap. */
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
      // Asterisk writes whole blocks, so a read never splits a sample.
      this.#input?.push(pcmFromBytes(this.#buffer.subarray(0, count)));
    }
    const due = this.#position - this.#cutAt >= this.#cutAtBytes;
    const fresh = this.#position > before && this.#time.now() - lastLook < CUT_WITHIN_MS;
    if (due && fresh && this.#canCut && !this.#over) this.#cut();
  }

  /**
   * Frees the disk space of what has been read. The PBX keeps writing at its own offset, so the file
   * keeps its length and becomes sparse.
   */
  #cut(): void {
    this.#cutAt = this.#position;
    try {
      Deno.truncateSync(this.#path);
    } catch (error) {
      // We may not write the file: it stays as it is, and is removed after the call.
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
