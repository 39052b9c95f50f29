// Sounds the PBX finds in its own folder.

import { join } from "node:path";
import type { Pcm } from "../../../media/frame.ts";
import { readWav, toMono } from "../../../media/wav.ts";
import { HalfRate } from "../media/half_rate.ts";

/** Reads `<soundsDir>/<name>.wav` as Asterisk's format_wav does: 8 kHz mono, anything else is not played. */
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
