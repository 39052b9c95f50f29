import assert from "node:assert/strict";

import type { LogRecord } from "@logtape/logtape";

import { configureLogging, formatRecord, logger, maskNumber, redact } from "./logging.ts";

function line(message: unknown[], properties: Record<string, unknown> = {}): string {
  return formatRecord({
    category: ["voxbot", "switchboard"],
    level: "info",
    timestamp: Date.UTC(2026, 10, 20, 6, 5, 42, 123),
    message,
    rawMessage: "",
    properties,
  } as LogRecord);
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

Deno.test("phone numbers are masked however they are written", () => {
  for (
    const written of [
      "+70000000067",
      "8 (000) 000-00-67",
      "+7 000 000 00 67",
      "sip:70000000067@pbx",
      "tel:+70000000067",
      "rang from 70000000067.",
      "PJSIP/70000000067-0000001f",
      "PJSIP/trunk-70000000067",
      "Local/70000000067@out-00000001;1",
      "70000000067:5060",
      '{"number":"70000000067"}',
    ]
  ) {
    const masked = redact(written);
    assert.doesNotMatch(masked.replace(/\D/g, ""), /0000000/, written);
    assert.match(masked, /\*{6,}67/, written);
  }
});

Deno.test("ids, times, addresses and small numbers stay readable", () => {
  for (
    const readable of [
      "1732084742.17",
      "550e8400-e29b-41d4-a716-446655440000",
      "12345678-1234-41d4-a716-123456789012",
      "2026-11-20T06:05:42.123Z",
      "http://127.0.0.1:8088/ari",
      "192.168.100.200",
      "100 - 200",
      "took 1 - ( 2 of 30",
      "extension 1001",
      "Basic information about the PBX",
    ]
  ) assert.equal(redact(readable), readable);
  assert.equal(facts({ bytes: 123456789, sizes: [1234567] }), "bytes=123456789 sizes=[1234567]");
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

Deno.test("of a caller's number two digits are shown; extensions and names are shown whole", () => {
  assert.equal(maskNumber("+7 000 000-00-67"), "*********67");
  assert.equal(maskNumber("1001"), "1001");
  assert.equal(maskNumber("anonymous"), "anonymous");
  assert.equal(maskNumber("reception2"), "reception2");
  assert.equal(maskNumber(""), "");
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

Deno.test("logging can be configured again with another level", () => {
  configureLogging("error");
  assert.equal(logger("x").isEnabledFor("warning"), false);
  configureLogging("debug");
  assert.equal(logger("x").isEnabledFor("debug"), true);
});

Deno.test("a key is masked wherever it is written, and what only looks like one is left", () => {
  for (
    const [written, masked] of [
      [
        "Incorrect API key provided: sk-Zq7PlantedKey00Vw3xT9.",
        "Incorrect API key provided: sk-***",
      ],
      ["LOG_LEVEL=AQVNplanted0key0for0tests", "LOG_LEVEL=AQVN***"],
      ["token y0_AgAAAAplanted0token, again", "token y0_***, again"],
      ["t1.9euelZplanted-token_00", "t1.***"],
      ["authorization: bearer abcdefghijklmnop0123", "authorization: bearer ***"],
    ] as const
  ) assert.equal(redact(written), masked);
  for (const readable of ["task-force-of-the-night", "sk-short", "a desk-top computer of ours"]) {
    assert.equal(redact(readable), readable);
  }
});
