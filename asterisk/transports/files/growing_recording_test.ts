import assert from "node:assert/strict";
import { join } from "node:path";
import { type Pcm, pcmToBytes } from "../../../media/frame.ts";
import { ManualTime } from "../../../testing/manual_time.ts";
import { TransportError } from "../error.ts";
import { GrowingRecording } from "./growing_recording.ts";

/** The block Asterisk writes. */
const BLOCK_BYTES = 32_768;

interface Line {
  readonly path: string;
  readonly recording: GrowingRecording;
  readonly heard: Pcm[];
  readonly time: ManualTime;
  /** The PBX's end. */
  readonly file: Deno.FsFile;
}

/** A recording that the test lets grow, and what was heard of it. */
async function onRecording(test: (line: Line) => Promise<void>, cutAtBytes?: number) {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "caller.sln96");
    const heard: Pcm[] = [];
    const time = new ManualTime();
    await using recording = new GrowingRecording(path, time, cutAtBytes);
    assert.equal(await recording.open((frame) => heard.push(frame)), false, "not there yet");
    using file = await Deno.create(path);
    assert.equal(await recording.open((frame) => heard.push(frame)), true);
    await test({ path, recording, heard, time, file });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The PBX writes blocks of rising level, and `pauseMs` passes before each poll; all must be heard. */
async function speak({ recording, heard, time, file }: Line, blocks: number, pauseMs: number) {
  for (let n = 1; n <= blocks; n++) {
    await file.write(block(1000 * n));
    time.advance(pauseMs);
    await recording.poll();
    assert.equal(heard.length, Math.floor(n * BLOCK_BYTES / 2 / 96_000 * 50));
    assert.equal(Math.round(heard.at(-1)![0]! / 1000), n);
  }
}

/** One block of a steady level: 170 ms at 96 kHz. */
function block(level: number): Uint8Array<ArrayBuffer> {
  return pcmToBytes(new Int16Array(BLOCK_BYTES / 2).fill(level));
}

Deno.test("the caller is heard while the PBX is still writing", () =>
  onRecording(async (line) => {
    await speak(line, 3, 20);
  }));

Deno.test("a long call does not fill the disk, and truncating its file loses no word", () =>
  onRecording(async (line) => {
    await speak(line, 12, 20);
    const { blocks } = await Deno.stat(line.path);
    assert.ok(blocks! * 512 <= 4 * BLOCK_BYTES, `${blocks! * 512} bytes on disk`);
  }, 4 * BLOCK_BYTES));

Deno.test("a file is not truncated after a stall, when the next block may already be there", () =>
  onRecording(async (line) => {
    await speak(line, 12, 200);
    assert.equal((await Deno.stat(line.path)).size, 12 * BLOCK_BYTES);
  }, 4 * BLOCK_BYTES));

Deno.test("when a recording cannot be read, the error says where it is and what to do", () =>
  onRecording(async ({ path }) => {
    await using recording = new GrowingRecording(join(path, "below-a-file"));
    await assert.rejects(recording.open(() => {}), (error) => {
      assert.ok(error instanceof TransportError);
      assert.match(error.message, /below-a-file .* PBX's recordings/);
      return true;
    });
  }));
