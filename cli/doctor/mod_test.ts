import assert from "node:assert/strict";
import { join } from "node:path";

import { readSettings, settingsWith } from "../../config/read_settings.ts";
import { LOCAL_ACCESS } from "../../console/access.ts";
import { createConsole } from "../../console/console.ts";
import { createMetrics } from "../../console/metrics/mod.ts";
import { startConsole } from "../../console/server.ts";
import { doctor } from "./mod.ts";
import { checkAssistant } from "./assistant.ts";
import type { Finding, Findings } from "./finding.ts";
import { checkHost } from "./host.ts";
import { YandexGrpcServer } from "../../tests/servers/yandex/yandex_grpc_server.ts";
import { YandexRestServer } from "../../tests/servers/yandex/yandex_rest_server.ts";
import { checkSpeech } from "./speech.ts";

async function failures(findings: Findings): Promise<Finding[]> {
  return (await Array.fromAsync(findings)).filter(({ status }) => status === "FAIL");
}

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("every wrong setting is named, and nothing is examined with wrong settings", async () => {
  let report = "";
  const code = await doctor({
    settings: () => readSettings({ ASTERISK_LANG: "de", CONSOLE_PORT: "x", ARI_PASWORD: "s3cret" }),
    write: (line) => report += `${line}\n`,
  });
  assert.equal(code, 1);
  assert.equal(report.match(/^ {2}FAIL /gm)?.length, 3);
  assert.equal(report.match(/^ {8}fix: /gm)?.length, 3);
  assert.match(report, /did you mean ARI_PASSWORD/);
  assert.doesNotMatch(report, /s3cret|^Asterisk$/m);
});

Deno.test("an examination ends with a verdict and an exit code", () =>
  inFolder(async (folder) => {
    let report = "";
    const code = await doctor({
      settings: () =>
        settingsWith({
          ARI_HTTP_URL: "http://127.0.0.1:1",
          ASTERISK_LANG: "en",
          DATA_DIR: folder,
          CONSOLE_PORT: 0,
        }),
      write: (line) => report += `${line}\n`,
    });
    assert.equal(code, 1);
    for (
      const title of ["Settings", "Asterisk", "Speech", "Assistant", "This machine", "Network"]
    ) {
      assert.match(report, new RegExp(`^${title}$`, "m"));
    }
    assert.match(report, /^ {2}FAIL {2}nothing answers at ARI_HTTP_URL/m);
    assert.match(report, /^1 of \d+ checks failed/m);
  }));

Deno.test("a data folder that cannot be written is found before it costs a call", () =>
  inFolder(async (folder) => {
    const file = join(folder, "file");
    await Deno.writeTextFile(file, "");
    const host = settingsWith({ DATA_DIR: join(file, "data"), CONSOLE_PORT: 0 });
    const [failed, ...others] = await failures(checkHost(host));
    assert.match(failed?.what ?? "", /DATA_DIR=.* cannot be written/);
    assert.deepEqual(others, []);

    const fresh = join(folder, "not", "there", "yet");
    assert.deepEqual(await failures(checkHost({ ...host, DATA_DIR: fresh })), []);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(fresh)), []);
  }));

Deno.test("an operator hears that the disk has too little room for calls to be recorded", () =>
  inFolder(async (folder) => {
    const settings = settingsWith({ DATA_DIR: folder, CONSOLE_PORT: 0 });
    const disk = async (MIN_FREE_DISK_MB: number) => {
      const findings = await Array.fromAsync(checkHost({ ...settings, MIN_FREE_DISK_MB }));
      return findings.find(({ what }) => /free on the disk/.test(what));
    };
    assert.match((await disk(Number.MAX_SAFE_INTEGER))?.what ?? "", /no call is recorded/);
    assert.doesNotMatch((await disk(0))?.what ?? "", /no call is recorded/);
  }));

Deno.test("an operator hears that this machine opens too few files for MAX_CALLS", () =>
  inFolder(async (folder) => {
    const limits = join(folder, "limits");
    const settings = settingsWith({ DATA_DIR: folder, CONSOLE_PORT: 0, MAX_CALLS: 100 });
    const finding = async (hard: string) => {
      await Deno.writeTextFile(
        limits,
        `Max open files            1024         ${hard}      files\n`,
      );
      const findings = await Array.fromAsync(checkHost(settings, limits));
      return findings.find(({ what }) => /open files/.test(what));
    };
    const low = await finding("1024");
    assert.equal(low?.status, "note");
    assert.match(low?.what ?? "", /1024, and MAX_CALLS=100 may need 2064/);
    assert.equal((await finding("65536"))?.status, "ok");
    assert.equal((await finding("unlimited"))?.status, "ok");
  }));

Deno.test("the running bot may hold the console's port, another program may not", () =>
  inFolder(async (folder) => {
    const host = (port: number) =>
      checkHost(settingsWith({ DATA_DIR: folder, CONSOLE_PORT: port }));
    {
      const app = createConsole({
        calls: {
          page: () => [],
          get: () => undefined,
          recordingPath: () => undefined,
          injectFault: () => Promise.resolve(undefined),
          injectEngineFault: () => Promise.resolve(undefined),
        },
        health: { ready: () => ({ ready: false, reason: "ARI is down" }) },
        metrics: createMetrics({ ofProcess: false }),
        faultInjection: false,
        access: LOCAL_ACCESS,
      });
      await using ours = await startConsole(app, { hostname: "127.0.0.1", port: 0 });
      const findings = await Array.fromAsync(host(Number(new URL(ours.url).port)));
      assert.match(findings.at(-1)!.what, /running bot's \(not ready: ARI is down\)/);
      assert.equal(findings.at(-1)!.status, "ok");
    }
    const stranger = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => new Response("hello"),
    );
    const [failed] = await failures(host(stranger.addr.port));
    assert.match(failed?.what ?? "", /another program listens/);
    assert.match(failed?.fix ?? "", /CONSOLE_PORT/);
    await stranger.shutdown();
  }));

Deno.test("Russian callers with only the English recogniser are a failure, with the fix", async () => {
  const [failed, ...others] = await failures(checkSpeech(settingsWith({ ASTERISK_LANG: "ru" })));
  assert.match(failed?.what ?? "", /ASTERISK_LANG=ru.*English only/);
  assert.match(failed?.fix ?? "", /ASR_PROVIDER/);
  assert.deepEqual(others, []);
});

Deno.test("the models load and the voice speaks; a voice that does not exist is named", async () => {
  const english = settingsWith({ ASTERISK_LANG: "en" });
  assert.deepEqual(await failures(checkSpeech(english)), []);
  const [failed] = await failures(checkSpeech({ ...english, LOCAL_TTS_VOICE: "klingon-9" }));
  assert.match(failed?.what ?? "", /klingon-9/);
  assert.match(failed?.fix ?? "", /LOCAL_TTS_VOICE/);
});

Deno.test("a speech service that answers is timed; one that does not is named, with the fix", async () => {
  await using server = await YandexGrpcServer.start();
  await using rest = new YandexRestServer();
  const line = settingsWith({
    ASTERISK_LANG: "ru",
    ASR_PROVIDER: ["yandex"],
    TTS_PROVIDER: ["yandex"],
    YANDEX_API_KEY: "test-key",
    YANDEX_STT_ENDPOINT: server.endpoint,
    YANDEX_TTS_ENDPOINT: server.endpoint,
    YANDEX_TTS_V1_ENDPOINT: rest.endpoint,
  });
  const found = (await Array.fromAsync(checkSpeech(line))).map(({ what }) => what);
  for (const service of ["yandex recognition", "yandex synthesis", "yandex-rest synthesis"]) {
    assert.ok(found.some((what) => what.startsWith(`${service} answers within`)), service);
  }
  const failed = await failures(checkSpeech({ ...line, YANDEX_API_KEY: "another" }));
  assert.deepEqual(failed.map(({ what }) => what), [
    "yandex recognition does not work",
    "yandex synthesis does not work",
    "yandex-rest synthesis does not work",
  ]);
  for (const { fix } of failed) assert.match(fix ?? "", /YANDEX_API_KEY|credentials/);
});

Deno.test("the assistant's files pass as shipped; a missing or broken one is named", () =>
  inFolder(async (folder) => {
    for (const ASTERISK_LANG of ["ru", "en"] as const) {
      assert.deepEqual(await failures(checkAssistant(settingsWith({ ASTERISK_LANG }))), []);
    }
    const broken = join(folder, "prompts.json");
    await Deno.writeTextFile(broken, "{");
    const failed = await failures(checkAssistant(settingsWith({
      PROMPTS_FILE_PATH: broken,
      KNOWLEDGE_BASE_PATH: join(folder, "missing.md"),
    })));
    assert.equal(failed.length, 2);
    assert.ok(failed[0]!.what.includes(broken) && failed[0]!.fix?.includes("PROMPTS_FILE_PATH"));
    assert.match(failed[1]!.what, /missing\.md/);
  }));
