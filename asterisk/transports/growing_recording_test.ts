import assert from "node:assert/strict";
import { join } from "node:path";
import { type Pcm, pcmToBytes } from "../../media/frame.ts";
import { TransportError } from "./error.ts";
import { GrowingRecording } from "./growing_recording.ts";

/** What Asterisk writes at a time. */
const BLOCK_BYTES = 32_768;

/** A recording that `test` lets grow, and what was heard of it. */
async function onRecording(
  test: (line: { path: string; recording: GrowingRecording; heard: Pcm[] }) => Promise<void>,
  cutAtBytes?: number,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "caller.sln96");
    const heard: Pcm[] = [];
    await using recording = new GrowingRecording(path, cutAtBytes);
    await test({ path, recording, heard });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Reads until `done`, as the transport's beat does. */
async function pollUntil(recording: GrowingRecording, done: () => boolean): Promise<void> {
  while (!done()) {
    const failed = Promise.withResolvers<void>();
    recording.poll(failed.reject);
    await Promise.race([failed.promise, new Promise<void>((resolve) => setTimeout(resolve, 0))]);
  }
}

/** One block of a steady level: 170 ms at 96 kHz. */
function block(level: number): Uint8Array<ArrayBuffer> {
  return pcmToBytes(new Int16Array(BLOCK_BYTES / 2).fill(level));
}

Deno.test("the caller is heard while the PBX is still writing", () =>
  onRecording(async ({ path, recording, heard }) => {
    assert.equal(await recording.open((frame) => heard.push(frame)), false, "not there yet");
    using file = await Deno.create(path);
    assert.equal(await recording.open((frame) => heard.push(frame)), true);
    for (let blocks = 1; blocks <= 3; blocks++) {
      await file.write(block(1000 * blocks));
      const frames = Math.floor(blocks * BLOCK_BYTES / 2 / 96_000 * 50);
      await pollUntil(recording, () => heard.length >= frames);
      assert.equal(Math.round(heard.at(-1)![0]! / 1000), blocks);
    }
  }));

Deno.test("a long call does not fill the disk, and no word is lost where its file is cut", () =>
  onRecording(async ({ path, recording, heard }) => {
    using file = await Deno.create(path);
    await recording.open((frame) => heard.push(frame));
    for (let blocks = 1; blocks <= 12; blocks++) {
      await file.write(block(blocks * 1000));
      const frames = Math.floor(blocks * BLOCK_BYTES / 2 / 96_000 * 50);
      await pollUntil(recording, () => heard.length >= frames);
      assert.equal(Math.round(heard.at(-1)![0]! / 1000), blocks);
    }
    await recording[Symbol.asyncDispose]();
    const { blocks: diskBlocks, size } = await Deno.stat(path);
    assert.ok(size === 0 || size === 12 * BLOCK_BYTES);
    assert.ok(diskBlocks! * 512 <= 4 * BLOCK_BYTES, `${diskBlocks! * 512} bytes on disk`);
  }, 4 * BLOCK_BYTES));

Deno.test("a recording that cannot be read says where it is and what to do", () =>
  onRecording(async ({ path }) => {
    await using recording = new GrowingRecording(join(path, "below-a-file"));
    await Deno.writeFile(path, new Uint8Array());
    await assert.rejects(recording.open(() => {}), (error) => {
      assert.ok(error instanceof TransportError);
      assert.match(error.message, /below-a-file .* PBX's recordings/);
      return true;
    });
  }));
