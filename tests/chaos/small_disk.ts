// A disk small enough to fill: a tmpfs, which needs root on Linux.

import { join } from "node:path";

const SIZE_MB = 64;

/** A small disk; disposing of it unmounts it. */
export class SmallDisk implements AsyncDisposable {
  readonly #ballast: string;

  private constructor(readonly folder: string) {
    this.#ballast = join(folder, "ballast");
  }

  /** Mounts one over an empty folder, or returns undefined where that is not allowed. */
  static async mount(folder: string): Promise<SmallDisk | undefined> {
    const { success } = await run(
      "mount",
      "-t",
      "tmpfs",
      "-o",
      `size=${SIZE_MB}m`,
      "tmpfs",
      folder,
    );
    return success ? new SmallDisk(folder) : undefined;
  }

  /** Fills it to the last byte. */
  async fill(): Promise<void> {
    using file = await Deno.open(this.#ballast, { create: true, write: true, truncate: true });
    const block = new Uint8Array(1 << 20);
    for (let size = block.length; size >= 1;) {
      try {
        if (await file.write(block.subarray(0, size)) < size) size >>= 1;
      } catch (error) {
        // The free space is smaller than this block.
        if (!(error instanceof Error) || !/ENOSPC|No space left/.test(error.message)) throw error;
        size >>= 1;
      }
    }
  }

  async free(): Promise<void> {
    await Deno.remove(this.#ballast);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Lazy, because the service's last handles may still be closing.
    await run("umount", "-l", this.folder);
  }
}

async function run(command: string, ...args: string[]): Promise<{ success: boolean }> {
  try {
    return await new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { success: false };
    throw error;
  }
}
