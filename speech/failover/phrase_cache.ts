// Keeps spoken phrases on disk: greetings, fillers and set answers cost nothing the second time, and
// can be played while a service is down. Isolates share one folder.

import { crc32 } from "node:zlib";
import { logger } from "../../config/logging.ts";
import { type Pcm, pcmFromBytes, pcmToBytes } from "../../media/frame.ts";

/** A file holds these bytes, the CRC-32 of the samples, and the samples. */
const MAGIC = new TextEncoder().encode("VOX1");
const HEADER_BYTES = MAGIC.length + 4;
const SUFFIX = ".pcm";
/** A full cache is trimmed to this share of the limit. */
const KEPT_SHARE = 0.9;
/** An unfinished file this old was left by an isolate that died. */
const ABANDONED_MS = 3_600_000;
/** Nobody else on the machine needs it. */
const PRIVATE_FOLDER = 0o700;
const PRIVATE_FILE = 0o600;

/** Where a service keeps its phrases. */
export function phraseFolder({ DATA_DIR }: { readonly DATA_DIR: string }): string {
  return `${DATA_DIR}/phrase-cache`;
}

/** Spoken phrases by key, on disk. The least recently used are deleted first. */
export class PhraseCache {
  readonly #folder: string;
  readonly #limitBytes: number;
  /** Bytes on disk by our count; other isolates may have written more. */
  #bytes: number | undefined;
  #writing: Promise<void> = Promise.resolve();
  #broken = false;

  /** `folder` is created on the first write. */
  constructor(folder: string, limitBytes: number) {
    this.#folder = folder;
    this.#limitBytes = limitBytes;
  }

  /** The phrase, or undefined. Deletes a damaged one. Never fails: a cache may be lost. */
  async get(key: string): Promise<Pcm | undefined> {
    const path = await this.#pathOf(key);
    try {
      const pcm = decode(await Deno.readFile(path));
      if (!pcm) {
        logger("speech").warn("deleted a damaged phrase from the cache", { file: path });
        await Deno.remove(path);
        return undefined;
      }
      await Deno.utime(path, new Date(), new Date());
      return pcm;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) this.#complain("read", error);
      return undefined;
    }
  }

  /** Keeps a phrase. Resolves when it is on disk or the write has failed. */
  put(key: string, pcm: Pcm): Promise<void> {
    const bytes = HEADER_BYTES + pcm.byteLength;
    if (pcm.length === 0 || bytes > this.#limitBytes) return Promise.resolve();
    // One after another: phrases that end together would otherwise all be encoded in memory at once.
    this.#writing = this.#writing.then(async () => {
      try {
        await this.#write(await this.#pathOf(key), encode(pcm));
        await this.#makeRoom(bytes);
        this.#broken = false;
      } catch (error) {
        this.#complain("written", error);
      }
    });
    return this.#writing;
  }

  /** Deletes a phrase; false when there is none. @throws {Deno.errors} when the folder does not allow it. */
  async delete(key: string): Promise<boolean> {
    return await removeIfThere(await this.#pathOf(key));
  }

  /** Resolves when everything given to `put` so far is on disk or its write has failed. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #pathOf(key: string): Promise<string> {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
    return `${this.#folder}/${new Uint8Array(digest).toHex()}${SUFFIX}`;
  }

  /** Atomic: a reader sees the old file or the complete new one. */
  async #write(path: string, bytes: Uint8Array): Promise<void> {
    await Deno.mkdir(this.#folder, { recursive: true, mode: PRIVATE_FOLDER });
    const draft = `${path}.${crypto.randomUUID()}.tmp`;
    try {
      await Deno.writeFile(draft, bytes, { mode: PRIVATE_FILE });
      await Deno.rename(draft, path);
    } catch (error) {
      await removeIfThere(draft);
      throw error;
    }
  }

  async #makeRoom(added: number): Promise<void> {
    if (this.#bytes !== undefined && this.#bytes + added <= this.#limitBytes) {
      this.#bytes += added;
      return;
    }
    const files = await this.#list();
    files.sort((a, b) => a.usedAt - b.usedAt);
    let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    if (bytes > this.#limitBytes) {
      for (const file of files) {
        if (bytes <= this.#limitBytes * KEPT_SHARE) break;
        await removeIfThere(file.path);
        bytes -= file.bytes;
      }
    }
    this.#bytes = bytes;
  }

  async #list(): Promise<{ path: string; bytes: number; usedAt: number }[]> {
    const files = [];
    for await (const { name } of Deno.readDir(this.#folder)) {
      const path = `${this.#folder}/${name}`;
      const info = await statIfThere(path);
      if (!info?.isFile) continue;
      const usedAt = info.mtime?.getTime() ?? 0;
      if (name.endsWith(SUFFIX)) files.push({ path, bytes: info.size, usedAt });
      else if (Date.now() - usedAt > ABANDONED_MS) await removeIfThere(path);
    }
    return files;
  }

  #complain(what: "read" | "written", error: unknown): void {
    if (this.#broken) return;
    this.#broken = true;
    logger("speech").warn(`the phrase cache cannot be ${what}; phrases are synthesised anew`, {
      folder: this.#folder,
      error,
      fix: "check DATA_DIR: free space and permissions",
    });
  }
}

function encode(pcm: Pcm): Uint8Array {
  const samples = pcmToBytes(pcm);
  const bytes = new Uint8Array(HEADER_BYTES + samples.length);
  bytes.set(MAGIC);
  new DataView(bytes.buffer).setUint32(MAGIC.length, crc32(samples));
  bytes.set(samples, HEADER_BYTES);
  return bytes;
}

/** The samples, or undefined when the file is damaged. */
function decode(bytes: Uint8Array): Pcm | undefined {
  if (bytes.length <= HEADER_BYTES || MAGIC.some((byte, i) => bytes[i] !== byte)) return undefined;
  const samples = bytes.subarray(HEADER_BYTES);
  const checksum = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length);
  return crc32(samples) === checksum ? pcmFromBytes(samples) : undefined;
}

async function removeIfThere(path: string): Promise<boolean> {
  try {
    await Deno.remove(path);
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return false;
  }
}

async function statIfThere(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
