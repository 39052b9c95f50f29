// Sounds in the PBX's own folder.

import { join } from "node:path";
import type { Pcm } from "../../../media/frame.ts";
import { readWav, toMono } from "../../wav.ts";
import { HalfRate } from "../media/half_rate.ts";

/**
 * Reads `<soundsDir>/<name>.wav` as 16 kHz; undefined for what Asterisk's format_wav refuses: all
 * but 8 kHz mono.
 */
export function readSoundFile(soundsDir: string, name: string): Pcm | undefined {
  const bytes = readIfThere(join(soundsDir, `${name}.wav`));
  if (!bytes) return undefined;
  const wav = readWav(bytes);
  if (wav.sampleRateHz !== 8000 || wav.channels.length !== 1) return undefined;
  return new HalfRate().up(toMono(wav));
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
