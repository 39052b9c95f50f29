// Prints a call so that it can be quoted: its transcript and the contents of its recording.

import { copyFile, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type CallRecord, heardText, type TurnRecord } from "../../actors/call_record.ts";
import { sounds } from "../../testing/mod.ts";
import { FRAME_MS, type Pcm } from "../../media/frame.ts";
import { readWav } from "../../testing/wav.ts";
import { say } from "../runner/steps.ts";
import type { World } from "./world.ts";

/** Quoted recordings are kept here, outside git; the next run overwrites them. */
const KEPT_IN = new URL("../../.cache/quoted/", import.meta.url).pathname;

/** Prints a finished call and keeps its recording as `name`.wav. */
export async function quoteCall(world: World, record: CallRecord, name: string): Promise<void> {
  const lines = [
    `a call on ${world.pbx.kind === "asterisk" ? "a real Asterisk" : "the simulator"}:`,
  ];
  for (const turn of record.turns) lines.push(...transcript(turn));
  const path = world.service.switchboard.recordingPath(record.id);
  if (path) {
    await mkdir(KEPT_IN, { recursive: true });
    const kept = join(KEPT_IN, `${name}.wav`);
    await copyFile(path, kept);
    lines.push(...recording(await Deno.readFile(kept), `.cache/quoted/${name}.wav`));
  }
  await say(`\n${lines.join("\n  ")}\n`);
}

function transcript(turn: TurnRecord): string[] {
  const lines = turn.caller === undefined ? [] : [`caller: ${turn.caller}`];
  const heard = heardText(turn);
  const written = turn.phrases.map(({ text }) => text).join(" ");
  if (turn.interrupted) {
    lines.push(`bot:    ${heard} … (cut ${turn.bargeInMs?.toFixed(0)} ms after the caller began;`);
    lines.push(`        it had made: ${written})`);
  } else if (written !== "") lines.push(`bot:    ${heard}`);
  return lines;
}

function recording(bytes: Uint8Array, path: string): string[] {
  const { channels, sampleRateHz } = readWav(bytes);
  const seconds = (channels[0]?.length ?? 0) / sampleRateHz;
  return [
    `recording ${path}: ${seconds.toFixed(1)} s, ${sampleRateHz} Hz, ${channels.length} channels`,
    ...["left, the caller", "right, the bot"].map((who, i) =>
      `${who}: sound at ${stretches(channels[i] ?? new Int16Array(0), sampleRateHz)} s`
    ),
  ];
}

function stretches(pcm: Pcm, sampleRateHz: number): string {
  const step = sampleRateHz * FRAME_MS / 1000;
  const frames = Array.from({ length: Math.floor(pcm.length / step) }, (_, i) => ({
    at: i * FRAME_MS,
    pcm: pcm.subarray(i * step, (i + 1) * step),
  }));
  return sounds(frames)
    .map(({ from, to }) => `${(from / 1000).toFixed(2)}–${(to / 1000).toFixed(2)}`)
    .join(", ");
}
