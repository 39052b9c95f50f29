import assert from "node:assert/strict";
import { join } from "node:path";
import denoJson from "../deno.json" with { type: "json" };
import { HELP } from "../cli/help.ts";
import { launcher } from "./launcher.ts";

/** What a stand-in for Deno was started with, an argument a line. */
async function started(
  command: string[],
  env: Record<string, string> = {},
): Promise<{ args: string[]; home: string }> {
  const folder = await Deno.makeTempDir();
  try {
    const home = await Deno.realPath(folder);
    await Deno.mkdir(join(home, "bin"));
    await Deno.writeTextFile(join(home, "bin/asterisk-vox-bot"), launcher(denoJson.tasks));
    await Deno.writeTextFile(
      join(home, "bin/deno"),
      '#!/bin/sh\ncase "$*" in *launch.ts*) echo --allow-net=computed;; *) printf "%s\\n" "$@";; esac\n',
    );
    for (const name of ["asterisk-vox-bot", "deno"]) {
      await Deno.chmod(join(home, "bin", name), 0o755);
    }
    const { stdout, success, stderr } = await new Deno.Command(join(home, "bin/asterisk-vox-bot"), {
      args: command,
      env: { PATH: "/usr/bin:/bin", ...env },
      clearEnv: true,
      cwd: "/",
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    return { args: new TextDecoder().decode(stdout).trimEnd().split("\n"), home };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("every command of the command line can be run from a release", async () => {
  for (const name of Object.keys(HELP)) {
    const { args, home } = await started([name, "--json", "two words"]);
    assert.deepEqual(args.slice(-4), [`${home}/main.ts`, name, "--json", "two words"]);
    assert.ok(args.includes("--no-remote") && args.includes("--cached-only"));
  }
});

Deno.test("start has the permissions that were computed from the settings, and no others", async () => {
  const { args } = await started(["start"]);
  assert.deepEqual(args.filter((arg) => /^(-A|--allow)/.test(arg)), ["--allow-net=computed"]);
  assert.ok(args.some((arg) => arg.startsWith("--v8-flags=")));
});

Deno.test("settings are read from the file that VOXBOT_ENV_FILE names", async () => {
  const { args } = await started(["doctor"], { VOXBOT_ENV_FILE: "/etc/hostname" });
  assert.ok(args.includes("--env-file=/etc/hostname"));
});

Deno.test("what is no command reaches the command line, which may read the release alone", async () => {
  const { args, home } = await started(["--version"]);
  assert.deepEqual(args.slice(-2), [`${home}/main.ts`, "--version"]);
  assert.ok(args.includes(`--allow-read=${home}`));
  assert.ok(!args.includes("-A"));
});
