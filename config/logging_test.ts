import assert from "node:assert/strict";

import type { LogRecord } from "@logtape/logtape";

import { configureLogging, formatJson, formatRecord, logger } from "./logging.ts";
import { redact } from "./privacy/redact.ts";

function line(message: unknown[], properties: Record<string, unknown> = {}): string {
  return formatRecord(recordOf(message, properties));
}

function recordOf(message: unknown[], properties: Record<string, unknown> = {}): LogRecord {
  return {
    category: ["voxbot", "switchboard"],
    level: "info",
    timestamp: Date.UTC(2026, 10, 20, 6, 5, 42, 123),
    message,
    rawMessage: "",
    properties,
  } as LogRecord;
}

const facts = (properties: Record<string, unknown>) =>
  line([""], properties).slice("2026-11-20T06:05:42.123Z INFO    switchboard:  ".length, -1);

Deno.test("a line says when, how severe, where, what happened, and the facts", () => {
  assert.equal(
    line(["call answered"], {
      call: "ab12",
      phase: "greeting",
      waitedMs: 12.345,
      ended: undefined,
    }),
    "2026-11-20T06:05:42.123Z INFO    switchboard: call answered call=ab12 phase=greeting waitedMs=12.3\n",
  );
});

Deno.test("an event is one line, whatever it contains", () => {
  const text = line(["no answer:\n  line two\r\n", "a\nb", ""], {
    error: new Error("x\ny"),
    t: "c\nd",
  });
  assert.equal(text.indexOf("\n"), text.length - 1);
});

Deno.test("an error is logged with its causes", () => {
  const error = new Error("cannot connect", {
    cause: new Error("refused", { cause: new Error("ECONNREFUSED") }),
  });
  assert.equal(facts({ error }), 'error="cannot connect (refused (ECONNREFUSED))"');
  assert.equal(facts({ error: new TypeError() }), 'error="TypeError"');
  assert.equal(facts({ why: [new Error("inside")] }), 'why=["inside"]');
});

Deno.test("no value makes logging itself fail", () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  assert.match(facts({ circular }), /^circular=/);
  assert.equal(facts({ big: 10n, nested: { big: 7n } }), 'big="10" nested={"big":"7"}');
  assert.equal(facts({ n: NaN, nothing: null, f: Symbol("s") }), "n=NaN nothing=null f=Symbol(s)");
});

Deno.test("credentials in addresses and headers are masked", () => {
  assert.equal(
    redact("ws://pbx:8088/ari/events?api_key=bot:s3cret&app=voxbot"),
    "ws://pbx:8088/ari/events?api_key=***&app=voxbot",
  );
  assert.equal(redact("http://bot:s3cret@pbx:8088/ari"), "http://***@pbx:8088/ari");
  const basic = `Basic ${btoa("voxbot:s3cret-password")}`;
  assert.equal(
    facts({ headers: { authorization: basic } }),
    'headers={"authorization":"Basic ***"}',
  );
});

Deno.test("secrets and numbers are masked in the message, in its facts and inside those", () => {
  const text = line(["call from +70000000067 at ", "api_key=a:b", ""], {
    caller: "70000000067",
    event: { channel: { caller: { number: "70000000067" } }, url: "x?api_key=a:b" },
    error: new Error("no answer from 70000000067"),
  });
  assert.doesNotMatch(text, /700000|a:b/);
});

Deno.test("a program reads time, level, part, message and facts from a JSON line as they are", () => {
  const facts = { call: "ab12", waitedMs: 12.345, ended: undefined, list: [1, "b"], level: "loud" };
  const text = formatJson(recordOf(["call\nanswered"], facts));
  assert.equal(text.indexOf("\n"), text.length - 1);
  assert.deepEqual(JSON.parse(text), {
    time: "2026-11-20T06:05:42.123Z",
    level: "info",
    part: "switchboard",
    message: "call answered",
    call: "ab12",
    waitedMs: 12.345,
    list: [1, "b"],
    _level: "loud",
  });
});

Deno.test("a JSON line masks what a line of text masks, and no value makes it fail", () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const text = formatJson(recordOf(["call from +70000000067"], {
    caller: "70000000067",
    event: { channel: { caller: { number: "70000000067" } }, url: "x?api_key=a:b" },
    error: new Error("no answer from 70000000067", { cause: new Error("refused") }),
    circular,
    big: 10n,
  }));
  assert.doesNotMatch(text, /700000|a:b/);
  const { error, big } = JSON.parse(text);
  assert.equal(error, "no answer from *********67 (refused)");
  assert.equal(big, "10");
});

Deno.test("lines below LOG_LEVEL are not written; the others go to standard error", async () => {
  const child = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `const { configureLogging, logger } = await import(${
        JSON.stringify(import.meta.resolve("./logging.ts"))
      });
      configureLogging("warning");
      logger("ari").info("quiet");
      logger("ari").warning("socket {state}", { state: "closed" });`,
    ],
    env: { NO_COLOR: "1" },
  }).output();
  const errors = new TextDecoder().decode(child.stderr);
  assert.equal(child.stdout.length, 0);
  assert.doesNotMatch(errors, /quiet/);
  assert.match(errors, /^\S+ WARNING ari: socket closed state=closed$/m);
});

Deno.test("with LOG_FORMAT=json each line of standard error is one object", async () => {
  const child = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      `const { configureLogging, logger } = await import(${
        JSON.stringify(import.meta.resolve("./logging.ts"))
      });
      configureLogging("info", "json");
      logger("ari").warn("socket closed", { call: "ab12" });`,
    ],
  }).output();
  const line = JSON.parse(new TextDecoder().decode(child.stderr));
  assert.equal(line.level, "warning");
  assert.equal(line.call, "ab12");
});

Deno.test("logging can be configured again with another level", () => {
  configureLogging("error");
  assert.equal(logger("x").isEnabledFor("warning"), false);
  configureLogging("debug");
  assert.equal(logger("x").isEnabledFor("debug"), true);
});
