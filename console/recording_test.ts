import assert from "node:assert/strict";

import { serveRecording } from "./recording.ts";

const BYTES = Uint8Array.from({ length: 200_000 }, (_, i) => i * 7 % 251);

async function withRecording(test: (path: string) => Promise<void>): Promise<void> {
  const path = await Deno.makeTempFile({ suffix: ".wav" });
  try {
    await Deno.writeFile(path, BYTES);
    await test(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("a recording is served whole, as WAV, with its length", () =>
  withRecording(async (path) => {
    const response = await serveRecording(path, "GET", undefined);
    assert.equal(response?.status, 200);
    assert.equal(response.headers.get("content-type"), "audio/wav");
    assert.equal(response.headers.get("content-length"), String(BYTES.length));
    assert.deepEqual(await response.bytes(), BYTES);
  }));

Deno.test("a player can seek: any part of a recording is served on its own", () =>
  withRecording(async (path) => {
    const parts: [header: string, first: number, last: number][] = [
      ["bytes=0-0", 0, 0],
      ["bytes=100000-150000", 100_000, 150_000],
      ["bytes=199000-", 199_000, 199_999],
      ["bytes=-44", 199_956, 199_999],
      ["bytes=-999999", 0, 199_999],
      ["bytes=199999-999999", 199_999, 199_999],
    ];
    for (const [header, first, last] of parts) {
      const response = await serveRecording(path, "GET", header);
      assert.equal(response?.status, 206, header);
      assert.equal(response.headers.get("content-range"), `bytes ${first}-${last}/200000`);
      assert.deepEqual(await response.bytes(), BYTES.slice(first, last + 1), header);
    }
  }));

Deno.test("a part beyond the end is refused, a range that makes no sense is ignored", () =>
  withRecording(async (path) => {
    for (const header of ["bytes=200000-", "bytes=-0"]) {
      const response = await serveRecording(path, "GET", header);
      assert.equal(response?.status, 416, header);
      assert.equal(response.headers.get("content-range"), "bytes */200000");
    }
    for (const header of ["bytes=5-2", "bytes=-", "frames=0-1", "bytes=0-1,5-6"]) {
      const response = await serveRecording(path, "HEAD", header);
      assert.equal(response?.status, 200, header);
    }
  }));

Deno.test("a player that asks only for the length gets no audio", () =>
  withRecording(async (path) => {
    const response = await serveRecording(path, "HEAD", undefined);
    assert.equal(response?.headers.get("content-length"), "200000");
    assert.equal(response.body, null);
  }));

Deno.test("a player that disconnects in the middle leaves no open file behind", () =>
  withRecording(async (path) => {
    const response = await serveRecording(path, "GET", "bytes=0-150000");
    const reader = response!.body!.getReader();
    await reader.read();
    await reader.cancel();
  }));

Deno.test("a recording whose file is missing is no recording", async () => {
  assert.equal(await serveRecording("no/such/file.wav", "GET", undefined), undefined);
  assert.equal(await serveRecording(import.meta.dirname!, "GET", undefined), undefined);
});
