// Bytes as they come and go on a connection or a file.

/** One array from many. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Where bytes are written: a connection or a file of Deno's, whose `write` may take only some. */
export interface ByteWriter {
  write(bytes: Uint8Array): Promise<number>;
}

/** Writes all bytes. Rejects as `write` does. */
export async function writeAll(to: ByteWriter, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}
