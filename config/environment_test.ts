import assert from "node:assert/strict";
import { once } from "node:events";
import process from "node:process";
import { Worker } from "node:worker_threads";
import { notifySocketFromEnvironment, settingsFromEnvironment } from "./environment.ts";
import { hideValues, redact } from "./privacy/redact.ts";
import { SCHEMA, type SettingName } from "./settings.ts";

/** Secrets of ours, of libraries, and of whoever else started the service. */
const PLANTED: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    (Object.keys(SCHEMA) as SettingName[]).filter((name) => SCHEMA[name].secret)
      .map((name) => [name, `planted-${name.toLowerCase()}-0000000000000000`]),
  ),
  OPENAI_ORG_ID: "planted-org",
  OPENAI_CUSTOM_HEADERS: "x-planted: 1",
  OPENAI_ADMIN_KEY: "planted-admin",
  AWS_SECRET_ACCESS_KEY: "planted-aws",
  SOMEONES_DB_PASSWORD: "planted-db",
};

/** What an isolate finds in its environment, by both of the ways to look. */
const LOOK = `
  const { parentPort } = require("node:worker_threads");
  parentPort.postMessage({ ...process.env, ...Deno.env.toObject() });
`;

Deno.test("once the settings are read, no isolate finds a secret in its environment, and no log shows one", async () => {
  const before = Deno.env.toObject();
  try {
    for (const [name, value] of Object.entries(PLANTED)) Deno.env.set(name, value);
    Deno.env.set("OPENAI_BASE_URL", "http://127.0.0.1:1234/v1");
    const settings = settingsFromEnvironment();
    for (const [name, value] of Object.entries(PLANTED)) {
      if (/KEY|TOKEN|PASSWORD/.test(name)) assert.doesNotMatch(redact(`said ${value}`), /planted/);
    }
    assert.match(redact("no answer from http://127.0.0.1:1234/v1"), /1234/, "no secret of its own");
    assert.equal(settings.ARI_PASSWORD, PLANTED.ARI_PASSWORD);
    assert.equal(settings.OPENAI_API_KEY, PLANTED.OPENAI_API_KEY);

    const worker = new Worker(LOOK, { eval: true });
    const [seen] = await once(worker, "message");
    await worker.terminate();
    for (const environment of [seen, process.env, Deno.env.toObject()]) {
      const leaked = Object.values(environment).filter((value) =>
        String(value).includes("planted")
      );
      assert.deepEqual(leaked, []);
    }
    assert.equal(seen.PATH, before.PATH);
  } finally {
    hideValues([]);
    Deno.env.delete("OPENAI_BASE_URL");
    for (const name of Object.keys(PLANTED)) Deno.env.delete(name);
    for (const [name, value] of Object.entries(before)) Deno.env.set(name, value);
  }
});

Deno.test("systemd's socket and watchdog are taken as it writes them; an abstract socket is none", () => {
  const names = ["NOTIFY_SOCKET", "WATCHDOG_USEC"] as const;
  const told = (...values: string[]) => {
    for (const [i, name] of names.entries()) {
      if (values[i] === undefined) Deno.env.delete(name);
      else Deno.env.set(name, values[i]);
    }
    return notifySocketFromEnvironment();
  };
  const path = "/run/systemd/notify";
  assert.deepEqual(told(path, "30000000"), { path, watchdogMs: 30_000 });
  assert.deepEqual(told(path), { path, watchdogMs: undefined });
  assert.equal(told("@abstract", "30000000"), undefined);
  assert.equal(told(), undefined);
});
