import assert from "node:assert/strict";
import { settingsWith } from "../config/read_settings.ts";
import type { Settings } from "../config/settings.ts";
import { findAddon, permissionFlags } from "./permissions.ts";

function flagsOf(changes: Partial<Settings>, proxies: readonly string[] = []): string[] {
  return permissionFlags(settingsWith(changes), { addon: "a/b.node", proxies });
}

/** The values of one flag. */
function named(flag: string, changes: Partial<Settings>, proxies?: readonly string[]): string[] {
  const found = flagsOf(changes, proxies).find((one) => one.startsWith(`${flag}=`));
  return found?.slice(flag.length + 1).split(",") ?? [];
}

Deno.test("no setting but HUNG_THREADS_IDLE opens programs, the whole system or every permission", () => {
  for (const changes of [{}, { ALLOW_NET: "whole" }, { MEDIA_TRANSPORT: "files" as const }]) {
    const flags = flagsOf(changes);
    assert.ok(flags.includes("--no-prompt"));
    const broad = flags.filter((flag) =>
      /^(-A|--allow-(all|run|import|sys|ffi|read|write)(=\*?)?$)/.test(flag) ||
      /^--allow-(run|import)/.test(flag)
    );
    assert.deepEqual(broad, []);
  }
  assert.deepEqual(flagsOf({ HUNG_THREADS_IDLE: true }), ["--allow-all"]);
});

Deno.test("by default, the network is this machine's loopback address alone", () => {
  assert.deepEqual(named("--allow-net", {}), ["127.0.0.1:9000", "127.0.0.1:8088", "127.0.0.1"]);
});

Deno.test("over websocket, only the ports of the console and of Asterisk are open", () => {
  assert.deepEqual(
    named("--allow-net", { MEDIA_TRANSPORT: "websocket", ARI_HTTP_URL: "http://pbx.example:8088" }),
    ["127.0.0.1:9000", "pbx.example:8088"],
  );
});

Deno.test("each service that the settings use can be reached, and no other", () => {
  const changes = {
    MEDIA_TRANSPORT: "websocket",
    OPENAI_API_KEY: "key",
    CHROMA_URL: "http://chroma.example:8000",
    ASR_PROVIDER: ["yandex", "local"],
    YANDEX_TTS_ENDPOINT: "http://10.0.0.7:5000",
    ALLOW_NET: "proxy.example:3128, *.example.org",
  } as const;
  assert.deepEqual(named("--allow-net", changes, ["http://squid.example:3129"]).sort(), [
    "*.example.org",
    "10.0.0.7",
    "127.0.0.1:8088",
    "127.0.0.1:9000",
    "api.openai.com:443",
    "chroma.example:8000",
    "iam.api.cloud.yandex.net:443",
    "proxy.example:3128",
    "squid.example:3129",
    "stt.api.cloud.yandex.net",
    "tts.api.cloud.yandex.net:443",
  ]);
  const local = {
    MEDIA_TRANSPORT: "websocket",
    OPENAI_BASE_URL: "http://127.0.0.1:8080/v1",
  } as const;
  assert.deepEqual(named("--allow-net", local), [
    "127.0.0.1:9000",
    "127.0.0.1:8088",
    "127.0.0.1:8080",
  ]);
});

Deno.test("an IPv6 address and a name of this machine are written as Deno reads them", () => {
  const hosts = named("--allow-net", {
    CONSOLE_HOST: "::1",
    ARI_HTTP_URL: "http://localhost:8088",
  });
  for (const host of ["[::1]:9000", "localhost:8088", "127.0.0.1:8088", "localhost", "127.0.0.1"]) {
    assert.ok(hosts.includes(host), `${host} in ${hosts}`);
  }
});

Deno.test("the files that the settings name can be read; only DATA_DIR and the PBX's folders are written", () => {
  const changes = {
    DATA_DIR: "/var/lib/voxbot",
    PROMPTS_FILE_PATH: "/etc/voxbot/prompts.json",
    YANDEX_SERVICE_ACCOUNT_KEY_FILE: "/etc/voxbot/key.json",
    MEDIA_TRANSPORT: "files",
    ASTERISK_SOUNDS_DIR: "/srv/sounds",
    ASTERISK_RECORDING_DIR: "/srv/recording",
  } as const;
  const written = ["/var/lib/voxbot", "/srv/sounds", "/srv/recording"];
  assert.deepEqual(named("--allow-write", changes), written);
  assert.deepEqual(named("--allow-read", changes), [
    ".",
    "/etc/voxbot/prompts.json",
    "/etc/voxbot/key.json",
    ...written,
  ]);
  assert.deepEqual(named("--allow-write", { MEDIA_TRANSPORT: "websocket" }), ["data"]);
  assert.deepEqual(named("--deny-read", {}), [".env"]);
});

Deno.test("the only native code is the addon that runs the speech models", () => {
  assert.deepEqual(named("--allow-ffi", {}), ["a/b.node"]);
  assert.match(findAddon() ?? "", /onnxruntime_binding\.node$/);
});

Deno.test("a bot that was started in another folder may read its own as well, and nothing else", () => {
  const place = { addon: "/opt/bot/b.node", project: "/opt/bot", proxies: [] };
  const read = permissionFlags(settingsWith({ MEDIA_TRANSPORT: "websocket" }), place)
    .find((flag) => flag.startsWith("--allow-read="));
  assert.equal(read, "--allow-read=.,/opt/bot,data");
});

Deno.test("under systemd, the one socket more is the one that is told how the service is", () => {
  const place = { addon: "a/b.node", proxies: [] };
  const settings = settingsWith({ MEDIA_TRANSPORT: "websocket", DATA_DIR: "/var/lib/bot" });
  const without = permissionFlags(settings, place);
  const added = permissionFlags(settings, { ...place, notifySocket: "/run/systemd/notify" })
    .filter((flag) => !without.includes(flag));
  assert.deepEqual(added, [
    "--allow-net=127.0.0.1:9000,127.0.0.1:8088,unix:/run/systemd/notify,unix:/var/lib/bot/notify.sock",
    "--allow-read=.,/var/lib/bot,/run/systemd/notify",
    "--allow-write=/var/lib/bot,/run/systemd/notify",
  ]);
});
