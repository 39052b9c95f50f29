import assert from "node:assert/strict";
import { join } from "node:path";
import { selfExtracting } from "./self_extracting.ts";

/** An executable that prints where it lies and its arguments. */
async function executable(folder: string): Promise<string> {
  const bin = join(folder, "release/bin");
  await Deno.mkdir(bin, { recursive: true });
  await Deno.writeTextFile(join(bin, "asterisk-vox-bot"), '#!/bin/sh\necho "$0" "$@"\n');
  await Deno.chmod(join(bin, "asterisk-vox-bot"), 0o755);
  const archive = join(folder, "release.tar.gz");
  await new Deno.Command("tar", { args: ["-czf", archive, "-C", folder, "release"] }).output();
  const path = join(folder, "bot");
  await Deno.writeFile(
    path,
    await selfExtracting({ version: "1.2.3", archive: await Deno.readFile(archive) }),
    { mode: 0o755 },
  );
  return path;
}

async function run(path: string, cache: string, ...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(path, {
    args,
    env: { VOXBOT_CACHE: cache },
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trimEnd();
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

Deno.test("the one file unpacks itself once, however many are started at the same time", async () => {
  const folder = await Deno.makeTempDir();
  const cache = join(folder, "cache");
  const path = await executable(folder);
  const runs = await Promise.all([1, 2, 3, 4].map(() => run(path, cache, "demo", "--json")));
  assert.equal(new Set(runs.map(({ stdout }) => stdout)).size, 1);
  assert.match(runs[0]!.stdout, /\/cache\/[0-9a-f]{64}\/bin\/asterisk-vox-bot demo --json$/);
  const left = [...Deno.readDirSync(cache)].map(({ name }) => name.replace(/^[0-9a-f]{64}$/, "#"));
  assert.deepEqual(left.sort(), ["#", "lock"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a start that was cut off while unpacking is mended by the next", async () => {
  const folder = await Deno.makeTempDir();
  const cache = join(folder, "cache");
  const path = await executable(folder);
  await Deno.mkdir(join(cache, "unpacking/bin"), { recursive: true });
  const { code, stdout } = await run(path, cache, "start");
  assert.equal(code, 0);
  assert.match(stdout, / start$/);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a damaged download says so and runs nothing", async () => {
  const folder = await Deno.makeTempDir();
  const path = await executable(folder);
  await Deno.writeFile(path, (await Deno.readFile(path)).slice(0, -1));
  const { code, stdout, stderr } = await run(path, join(folder, "cache"), "start");
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /damaged/);
  await Deno.remove(folder, { recursive: true });
});
