// The command line as an operator meets it: each test runs processes.

import assert from "node:assert/strict";
import { LOCAL_ACCESS } from "../console/access.ts";
import { createConsole } from "../console/console.ts";
import { createMetrics } from "../console/metrics/mod.ts";
import type { CallDirectory } from "../console/ports.ts";
import { ROOT } from "./runner/steps.ts";

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const LONGEST_RUN_MS = 60_000;

const OWN_ENV = { PATH: "/usr/bin:/bin", HOME: Deno.makeTempDirSync(), NO_COLOR: "1" };

function command(args: readonly string[], env: Record<string, string>): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-check", "main.ts", ...args],
    cwd: ROOT,
    // A command that starts where it should refuse fails its test instead of hanging it.
    signal: AbortSignal.timeout(LONGEST_RUN_MS),
    clearEnv: true,
    env: { ...OWN_ENV, ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

async function run(args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  const { code, stdout, stderr } = await command(args, env).output();
  return {
    code,
    stdout: new TextDecoder().decode(stdout),
    stderr: new TextDecoder().decode(stderr),
  };
}

Deno.test("each command explains itself", async () => {
  for (const name of ["start", "demo", "doctor", "kb", "forget"]) {
    const { code, stdout } = await run([name, "--help"]);
    assert.equal(code, 0, name);
    assert.match(stdout, new RegExp(`deno task ${name}`));
  }
});

Deno.test("an unknown command or option is refused, with the known ones and exit code 2", async () => {
  const unknown = await run(["dance"]);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /start \| demo \| doctor \| kb/);
  assert.equal((await run(["start", "--loud"])).code, 2);
});

Deno.test("the command line, the console and the changelog name the version of package.json", async () => {
  const { version } = JSON.parse(await Deno.readTextFile(new URL("package.json", ROOT)));
  const { code, stdout } = await run(["--version"]);
  assert.equal(code, 0);
  assert.equal(stdout, `asterisk-vox-bot ${version} (Deno ${Deno.version.deno})\n`);
  assert.equal((await run(["start", "--version"])).stdout, stdout);

  const app = createConsole({
    calls: {} as CallDirectory,
    health: { ready: () => ({ ready: true, reason: "" }) },
    metrics: createMetrics({ ofProcess: false }),
    faultInjection: false,
    access: LOCAL_ACCESS,
  });
  assert.deepEqual(await (await app.request("/live")).json(), { live: true, version });

  const changelog = await Deno.readTextFile(new URL("CHANGELOG.md", ROOT));
  const [newest] = [...changelog.matchAll(/^## \[(\d[^\]]*)\] - \d{4}-\d\d-\d\d$/gm)];
  assert.equal(newest?.[1], version);
});

Deno.test("all wrong settings are named in one message, without secrets, exit code 2", async () => {
  const { code, stderr } = await run(["start"], {
    CONSOLE_PORT: "ninety",
    ASTERISK_LANG: "fr",
    ARI_PASSWORD: "hunter2",
    ARI_USERNAME: "bot",
    AI_PROCESSING_TIMEOUT: "-1",
  });
  assert.equal(code, 2);
  for (const name of ["CONSOLE_PORT", "ASTERISK_LANG", "ARI_USERNAME", "AI_PROCESSING_TIMEOUT"]) {
    assert.match(stderr, new RegExp(name));
  }
  assert.doesNotMatch(stderr, /hunter2/);
});

/** What `start` says about an operator's mistake: one line, without a stack trace, and exit code 2. */
async function complaint(env: Record<string, string>): Promise<string> {
  const dataDir = await Deno.makeTempDir();
  try {
    const { code, stderr } = await run(["start"], {
      ASTERISK_LANG: "en",
      CONSOLE_PORT: "0",
      DATA_DIR: dataDir,
      ...env,
    });
    assert.equal(code, 2, stderr);
    const [line, ...more] = stderr.trimEnd().split("\n");
    assert.deepEqual(more, [], stderr);
    return line!;
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}

Deno.test("a console port in use is one line that names the setting", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = String(listener.addr.port);
  assert.match(await complaint({ CONSOLE_PORT: port }), new RegExp(`${port}: .*CONSOLE_PORT`));
});

Deno.test("an unusable file is one line that names it and its setting", async () => {
  const yandex = { ASR_PROVIDER: "yandex", TTS_PROVIDER: "yandex" };
  const mistakes = {
    PROMPTS_FILE_PATH: {},
    KNOWLEDGE_BASE_PATH: {},
    KNOWLEDGE_BASE2_PATH: {},
    YANDEX_SERVICE_ACCOUNT_KEY_FILE: yandex,
    YANDEX_CA_FILE: { ...yandex, YANDEX_API_KEY: "key" },
  };
  for (const [setting, env] of Object.entries(mistakes)) {
    const line = await complaint({ ...env, [setting]: "no/such/file" });
    assert.match(line, /no\/such\/file.*cannot be read/);
    assert.ok(line.includes(setting), line);
  }
});

Deno.test("a missing key file of a service account is one line that says how to make one", async () => {
  const line = await complaint({
    ASR_PROVIDER: "yandex",
    TTS_PROVIDER: "yandex",
    YANDEX_SERVICE_ACCOUNT_KEY_FILE: "no/such/key.json",
  });
  assert.match(
    line,
    /YANDEX_SERVICE_ACCOUNT_KEY_FILE no\/such\/key\.json.*cannot be read.*yc iam key create/,
  );
});

Deno.test("a certificate file without a certificate is named before a call needs it", async () => {
  const line = await complaint({
    ASR_PROVIDER: "yandex",
    TTS_PROVIDER: "local",
    YANDEX_API_KEY: "key",
    YANDEX_CA_FILE: "main.ts",
  });
  assert.match(line, /YANDEX_CA_FILE main\.ts holds no PEM certificate/);
});

Deno.test("kb names an unreadable knowledge base in one line, exit code 2", async () => {
  const { code, stderr } = await run(["kb", "status"], { KNOWLEDGE_BASE2_PATH: "no/such.md" });
  assert.equal(code, 2);
  assert.match(stderr, /^The tech knowledge base no\/such\.md .*KNOWLEDGE_BASE2_PATH\.\n$/);
});

Deno.test("the policies can be read without starting the service", async () => {
  const { code, stdout } = await run(["start", "--policies"], { CALL_INACTIVITY_TIMEOUT: "77" });
  assert.equal(code, 0);
  assert.match(stdout, /listening +77 s .* hangup/);
});

Deno.test("without a PBX the service says so once, is not ready, and stops on SIGTERM", async () => {
  const dataDir = await Deno.makeTempDir();
  const service = command(["start"], {
    ARI_HTTP_URL: "http://127.0.0.1:9",
    CONSOLE_PORT: "0",
    DATA_DIR: dataDir,
    ASTERISK_LANG: "en",
    CALL_POOL_SIZE: "0",
    ASR_PROVIDER: "local",
  }).spawn();
  const out = service.stdout.cancel();
  let log = "";
  const url = Promise.withResolvers<string>();
  const missing = Promise.withResolvers<void>();
  const reading = (async () => {
    for await (const chunk of service.stderr.pipeThrough(new TextDecoderStream())) {
      log += chunk;
      const listening = /console listening url=(\S+)/.exec(log);
      if (listening) url.resolve(listening[1]!);
      if (/not connected, trying again/.test(log)) missing.resolve();
    }
  })();
  await missing.promise;
  const ready = await fetch(`${await url.promise}/ready`);
  assert.equal(ready.status, 503);
  assert.match(await ready.text(), /PBX/);
  service.kill("SIGTERM");
  assert.equal((await service.status).code, 0);
  await Promise.all([out, reading]);
  assert.equal(log.match(/not connected, trying again/g)!.length, 1);
  await Deno.remove(dataDir, { recursive: true });
});
