// A recording over HTTP, whole or in part, so that a player can seek (RFC 9110 §14).

/**
 * Answers a GET or HEAD for the WAV file at `path`.
 *
 * @param range the request's Range header
 * @returns 200, 206, 416, or undefined when there is no such file
 */
export async function serveRecording(
  path: string,
  method: string,
  range: string | undefined,
): Promise<Response | undefined> {
  const file = await openFile(path);
  if (!file) return undefined;
  const { size } = await file.stat();
  const headers = new Headers({
    "content-type": "audio/wav",
    "content-disposition": 'attachment; filename="recording.wav"',
    "accept-ranges": "bytes",
  });

  const part = range === undefined ? undefined : parseRange(range, size);
  if (part === "unsatisfiable") {
    file.close();
    headers.set("content-range", `bytes */${size}`);
    return new Response(null, { status: 416, headers });
  }
  const { first, last } = part ?? { first: 0, last: size - 1 };
  headers.set("content-length", String(last - first + 1));
  if (part) headers.set("content-range", `bytes ${first}-${last}/${size}`);
  const status = part ? 206 : 200;
  if (method === "HEAD") {
    file.close();
    return new Response(null, { status, headers });
  }
  await file.seek(first, Deno.SeekMode.Start);
  return new Response(firstBytes(file.readable, last - first + 1), { status, headers });
}

async function openFile(path: string): Promise<Deno.FsFile | undefined> {
  try {
    const file = await Deno.open(path, { read: true });
    if ((await file.stat()).isFile) return file;
    file.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * The range of a Range header, bounds included. Undefined (serve the whole) for what RFC 9110 lets a
 * server ignore: other units, several ranges, nonsense.
 */
function parseRange(
  header: string,
  size: number,
): { first: number; last: number } | "unsatisfiable" | undefined {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(header.trim()) ?? [];
  if (from === undefined || to === undefined || (from === "" && to === "")) return undefined;
  if (from === "") {
    const suffix = Math.min(Number(to), size);
    return suffix === 0 ? "unsatisfiable" : { first: size - suffix, last: size - 1 };
  }
  const first = Number(from);
  const last = to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== "" && Number(to) < first) return undefined;
  return first >= size ? "unsatisfiable" : { first, last };
}

/** The first `length` bytes of a stream: the file may have grown since its length was announced. */
function firstBytes(
  source: ReadableStream<Uint8Array<ArrayBuffer>>,
  length: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let left = length;
  return source.pipeThrough(
    new TransformStream({
      transform(chunk, controller) {
        const piece = chunk.subarray(0, left);
        left -= piece.length;
        if (piece.length > 0) controller.enqueue(piece);
        if (left === 0) controller.terminate();
      },
    }),
  );
}
