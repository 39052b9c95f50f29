// Other programs, run to their end.

/**
 * What a program printed.
 *
 * @throws when it fails, with what it said.
 */
export async function run(program: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args] }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (!success) throw new Error(`${program} failed: ${decode(stderr)}`);
  return decode(stdout);
}
