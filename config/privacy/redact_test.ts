import assert from "node:assert/strict";
import { hideValues, maskNumber, redact } from "./redact.ts";

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
      "tel70000000067",
      "call-from_70000000067",
      "8.000.000.00.67",
      "+7.000.000.0067",
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
      "Asterisk 22.10.1",
      "onnxruntime 1.30.0 and 2.9.6",
      "tokens=120 of 4000",
      "CONSOLE_TOKEN is not set",
      "100 - 200",
      "took 1 - ( 2 of 30",
      "extension 1001",
      "Basic information about the PBX",
    ]
  ) assert.equal(redact(readable), readable);
});

Deno.test("of a caller's number two digits are shown, of a name its first letter, extensions whole", () => {
  for (
    const [number, shown] of [
      ["+7 000 000-00-67", "*********67"],
      ["user9000067@corp.example", "*****67"],
      ["anna.k@corp.example", "a***"],
      ["reception2", "r***"],
      ["1001", "1001"],
      ["*43", "*43"],
      ["anonymous", "anonymous"],
      ["", ""],
    ] as const
  ) assert.equal(maskNumber(number), shown);
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

Deno.test("an e-mail address shows its domain only", () => {
  assert.equal(
    redact("noted anna.k+1@corp.example.com, thanks"),
    "noted ***@corp.example.com, thanks",
  );
  assert.equal(redact("sip:anna@corp.example;user=phone"), "sip:***@corp.example;user=phone");
  assert.equal(redact("x@"), "x@");
});

Deno.test("a secret is masked behind its name, in an address and in JSON", () => {
  assert.equal(redact("/api?token=plantedvalue&x=1"), "/api?token=***&x=1");
  assert.equal(redact("x-api-key=plantedvalue"), "x-api-key=***");
  assert.equal(redact("http://pbx/?key=plantedvalue"), "http://pbx/?key=***");
  assert.equal(redact("monkey=banana turnkey=1"), "monkey=banana turnkey=1");
  assert.equal(redact('{"iamToken":"plantedvalue","a":1}'), '{"iamToken":"***","a":1}');
  assert.equal(redact("PASSWORD=plantedvalue next"), "PASSWORD=*** next");
});

Deno.test("the values of secret settings are masked wherever a server, a library or a user writes them", () => {
  hideValues(["Pl4nted/secret value", "12345", "", "Pl4nted"]);
  try {
    for (
      const written of [
        "401: the key Pl4nted/secret value is unknown",
        `https://host/?k=${encodeURIComponent("Pl4nted/secret value")}`,
        "Pl4nted is how it begins",
      ]
    ) assert.doesNotMatch(redact(written), /Pl4nted|secret.value/);
    assert.equal(redact("took 12345 ms"), "took 12345 ms", "too short to be a secret");
  } finally {
    hideValues([]);
  }
  assert.equal(redact("Pl4nted"), "Pl4nted");
});

// A pattern whose work grows with the square of the text would take seconds here.
Deno.test("the work for a text is bounded", () => {
  for (const unit of ["a", "1", "a.", "1.", "a@", "-", "+1 ", "token", "x=", "://", "1234."]) {
    assert.ok(redact(`+70000000067 ${unit.repeat(400_000 / unit.length)}`).length < 10_100, unit);
  }
});
