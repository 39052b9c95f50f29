import assert from "node:assert/strict";

import { readSettings, SettingsError, settingsWith } from "./read_settings.ts";
import { SCHEMA } from "./settings.ts";

/** The problems of `env`, one line each. */
function problems(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  try {
    readSettings(env);
  } catch (error) {
    assert.ok(error instanceof SettingsError);
    for (const problem of error.problems) assert.ok(error.message.includes(problem));
    return error.problems;
  }
  return [];
}

Deno.test("an empty environment works, with the defaults of the table", () => {
  const settings = readSettings({});
  assert.equal(settings.ARI_HTTP_URL, "http://127.0.0.1:8088");
  assert.equal(settings.ASTERISK_LANG, "ru");
  assert.equal(settings.RECORD_CALLS, true);
  assert.deepEqual(settings.ASR_PROVIDER, ["local"]);
  assert.equal(settings.CONSOLE_PORT, 9000);
  assert.deepEqual(Object.keys(settings), Object.keys(SCHEMA));
});

Deno.test("every default of the schema is itself a valid value", () => {
  for (const [name, setting] of Object.entries(SCHEMA)) {
    assert.ok(setting.parse.safeParse(setting.default).success, name);
  }
});

Deno.test("a name with nothing after it means its default", () => {
  assert.deepEqual(
    readSettings({ CONSOLE_PORT: "", ASTERISK_LANG: "  ", RECORD_CALLS: "" }),
    readSettings({}),
  );
});

Deno.test("values are read as people write them", () => {
  const settings = readSettings({
    ARI_HTTP_URL: " http://pbx.example:8088/asterisk/ ",
    ASTERISK_LANG: "EN",
    RECORD_CALLS: "No",
    BARGE_IN: "1",
    VAD_THRESHOLD: "0.35",
    CALL_INACTIVITY_TIMEOUT: "180",
    ASR_PROVIDER: " Local ",
  });
  assert.equal(settings.ARI_HTTP_URL, "http://pbx.example:8088/asterisk");
  assert.equal(settings.ASTERISK_LANG, "en");
  assert.equal(settings.RECORD_CALLS, false);
  assert.equal(settings.BARGE_IN, true);
  assert.equal(settings.VAD_THRESHOLD, 0.35);
  assert.equal(settings.CALL_INACTIVITY_TIMEOUT, 180);
  assert.deepEqual(settings.ASR_PROVIDER, ["local"]);
});

Deno.test("ARI's address works as people copy it: with or without /ari, slash and prefix", () => {
  const read = (ARI_HTTP_URL: string) => readSettings({ ARI_HTTP_URL }).ARI_HTTP_URL;
  for (const written of ["", "/", "/ari", "/ari/", "//ari//", "/ARI"]) {
    assert.equal(read(`http://127.0.0.1:8088${written}`), "http://127.0.0.1:8088", written);
    assert.equal(read(`https://pbx/a/b${written}`), "https://pbx/a/b", written);
  }
  assert.equal(read("http://127.0.0.1:8088/ari/ari"), "http://127.0.0.1:8088/ari", "prefix=ari");
  assert.equal(read("http://127.0.0.1:8088/safari"), "http://127.0.0.1:8088/safari");
  assert.equal(read("http://ari"), "http://ari", "a host may have that name");
});

Deno.test("all wrong settings are named in one error, each with what would be right", () => {
  assert.deepEqual(
    problems({
      ARI_HTTP_URL: "pbx:8088",
      ASTERISK_LANG: "de",
      PREROLL_MS: "12.5",
      VAD_THRESHOLD: "1.5",
      RECORD_CALLS: "maybe",
      ASR_PROVIDER: "local,local",
      CONSOLE_PORT: "65536",
    }),
    [
      'ARI_HTTP_URL="pbx:8088" must be an address such as http://127.0.0.1:8088, without user and password',
      'ASTERISK_LANG="de" must be one of ru, en',
      'RECORD_CALLS="maybe" must be true or false',
      'VAD_THRESHOLD="1.5" must be a number from 0.05 to 0.95',
      'PREROLL_MS="12.5" must be a whole number from 0 to 2000',
      'ASR_PROVIDER="local,local" must be a comma-separated list of yandex, openai, local, none of them twice',
      'CONSOLE_PORT="65536" must be a whole number from 0 to 65535',
    ],
  );
});

Deno.test("what only looks like a number is refused", () => {
  for (const value of ["1e3", "0x10", "Infinity", "NaN", "9000 ms", "9000;", "--1"]) {
    assert.equal(problems({ CONSOLE_PORT: value }).length, 1, value);
    assert.equal(problems({ SILENCE_NUDGE_SECONDS: value }).length, 1, value);
  }
});

Deno.test("a password never appears in an error, wherever the operator wrote it", () => {
  const lines = problems({
    ARI_PASSWORD: "s3cret",
    ARI_HTTP_URL: "http://voxbot:s3cret@pbx:8088",
    ARI_PASWORD: "s3cret",
    CONSOLE_PORT: "x",
  });
  assert.equal(lines.length, 3);
  assert.doesNotMatch(lines.join("\n"), /s3cret/);
  assert.match(lines[0]!, /^ARI_HTTP_URL=.*without user and password$/);
});

Deno.test("a misspelt name is reported with the one that was meant", () => {
  assert.deepEqual(problems({ ARI_PASWORD: "x", CALL_LINES: "3", CONSOLE_COLOUR_SCHEME: "dark" }), [
    "ARI_PASWORD is not a setting; did you mean ARI_PASSWORD?",
    "CALL_LINES is not a setting; remove it",
    "CONSOLE_COLOUR_SCHEME is not a setting; remove it",
  ]);
  assert.deepEqual(problems({ MEDIA_TRANSPROT: "auto", ASTERISK_LANGS: "en" }), [
    "MEDIA_TRANSPROT is not a setting; did you mean MEDIA_TRANSPORT?",
    "ASTERISK_LANGS is not a setting; did you mean ASTERISK_LANG?",
  ]);
});

Deno.test("other programs' variables are ignored", () => {
  const strangers = ["PATH", "HOME", "CI", "LANG", "TERM", "LOGNAME", "YANDEX_API_KEY", "PWD"];
  assert.deepEqual(problems(Object.fromEntries(strangers.map((name) => [name, "x"]))), []);
});

Deno.test("settings that contradict one another are reported", () => {
  assert.deepEqual(problems({ ENDPOINT_SILENCE_MS: "900", ENDPOINT_MAX_SILENCE_MS: "500" }), [
    "ENDPOINT_MAX_SILENCE_MS=500 must be at least ENDPOINT_SILENCE_MS=900",
  ]);
  assert.deepEqual(problems({ RTP_PORT_MIN: "40000" }), [
    "RTP_PORT_MAX=30999 must be at least RTP_PORT_MIN=40000",
  ]);
});

Deno.test("settings can be sent to another isolate", () => {
  assert.deepEqual(structuredClone(readSettings({})), readSettings({}));
});

Deno.test("a test can start from the defaults and change what it needs", () => {
  const settings = settingsWith({ ASTERISK_LANG: "en" });
  assert.equal(settings.ASTERISK_LANG, "en");
  assert.equal(settings.CONSOLE_PORT, 9000);
});

Deno.test("transfer targets are read as keys and extensions, and a bad list is refused", () => {
  const { TRANSFER_TARGETS } = readSettings({ TRANSFER_TARGETS: "sales:201, service:*45" });
  assert.deepEqual(TRANSFER_TARGETS, { sales: "201", service: "*45" });
  assert.deepEqual(readSettings({}).TRANSFER_TARGETS, {});
  for (const bad of ["sales", "sales:201,sales:202", "sales:20 1", "продажи:201"]) {
    assert.throws(() => readSettings({ TRANSFER_TARGETS: bad }), /TRANSFER_TARGETS.*sales:201/);
  }
});

Deno.test("choosing a model without a key or a server is reported at start", () => {
  assert.throws(() => readSettings({ AGENT_PROVIDER: "openai" }), /OPENAI_API_KEY/);
  readSettings({ AGENT_PROVIDER: "openai", OPENAI_BASE_URL: "http://127.0.0.1:1234/v1" });
  readSettings({ AGENT_PROVIDER: "openai", OPENAI_API_KEY: "x" });
});

Deno.test("a speech service without its key is named before anything starts", () => {
  const [yandex, openai] = problems({ ASR_PROVIDER: "yandex,local", TTS_PROVIDER: "openai" });
  assert.match(yandex!, /^yandex .*YANDEX_API_KEY.*YANDEX_SERVICE_ACCOUNT_KEY_FILE.*OAUTH_TOKEN/);
  assert.match(openai!, /^openai .*OPENAI_API_KEY/);
  assert.deepEqual(problems({ ASR_PROVIDER: "yandex", OAUTH_TOKEN: "t" }), [
    "OAUTH_TOKEN needs YANDEX_FOLDER_ID, the folder the requests are billed to",
  ]);
});

Deno.test("any one of Yandex's three ways to log in is enough", () => {
  for (
    const way of [
      { YANDEX_API_KEY: "k" },
      { YANDEX_SERVICE_ACCOUNT_KEY_FILE: "key.json" },
      { OAUTH_TOKEN: "t", YANDEX_FOLDER_ID: "f" },
    ]
  ) {
    assert.deepEqual(
      problems({ TTS_PROVIDER: "yandex,openai,local", OPENAI_API_KEY: "k", ...way }),
      [],
    );
  }
});

Deno.test("without settings, the bot speaks and listens locally", () => {
  const settings = readSettings({});
  assert.deepEqual([settings.ASR_PROVIDER, settings.TTS_PROVIDER], [["local"], ["local"]]);
});

Deno.test("what the start cannot pass to Deno as a permission is named before anything starts", () => {
  const wrong = {
    DATA_DIR: "/srv/my data",
    MEDIA_HOST: "127.0.0.1,10.0.0.1",
    ALLOW_NET: "https://example.org/path",
    YANDEX_STT_ENDPOINT: "not an address",
  };
  for (const [name, value] of Object.entries(wrong)) {
    assert.throws(
      () => readSettings({ [name]: value }),
      new RegExp(`${name}="?${value}"? must be`),
    );
  }
  for (const ALLOW_NET of ["whole", "10.0.0.1, pbx.example:5060,*.example.org", "[::1]:80"]) {
    assert.equal(readSettings({ ALLOW_NET }).ALLOW_NET, ALLOW_NET);
  }
});

Deno.test("a key that was put into the wrong setting is not shown", () => {
  const key = "sk-Zq7PlantedKey00Vw3xT9";
  assert.throws(
    () =>
      readSettings({ LOG_LEVEL: key, YANDEX_STT_ENDPOINT: `Bearer ${key}`, ALLOW_NET: `a ${key}` }),
    (error: Error) =>
      !error.message.includes("Planted") && /LOG_LEVEL=.*must be/.test(error.message),
  );
});

Deno.test("a console that other machines reach needs a token, and takes no faults", () => {
  const outside = { CONSOLE_HOST: "0.0.0.0" };
  assert.deepEqual(problems(outside), [
    "CONSOLE_HOST=0.0.0.0 lets other machines reach the console; set CONSOLE_TOKEN, " +
    "or CONSOLE_HOST=127.0.0.1",
  ]);
  assert.deepEqual(problems({ ...outside, CONSOLE_TOKEN: "short" }), [
    "CONSOLE_TOKEN must have 16 characters or more",
  ]);
  const token = { CONSOLE_TOKEN: "a-token-of-a-test-1234" };
  assert.deepEqual(problems({ ...outside, ...token }), []);
  assert.match(
    problems({ ...outside, ...token, FAULT_INJECTION: "1" }).join(),
    /^FAULT_INJECTION .*CONSOLE_HOST=127\.0\.0\.1/,
  );
  for (const host of ["127.0.0.1", "127.0.0.2", "::1", "localhost"]) {
    assert.deepEqual(problems({ CONSOLE_HOST: host, FAULT_INJECTION: "1" }), [], host);
  }
});

Deno.test("a recording cannot be kept longer than the journal that says whose it is", () => {
  const kept = (calls: string, recordings: string) =>
    readSettings({ KEEP_JOURNAL_DAYS: calls, KEEP_RECORDINGS_DAYS: recordings });
  for (const [calls, recordings] of [["10", "30"], ["90", "0"]] as const) {
    assert.throws(() => kept(calls, recordings), /KEEP_RECORDINGS_DAYS=.*KEEP_JOURNAL_DAYS=/);
  }
  assert.throws(() => kept("-1", "30"), /KEEP_JOURNAL_DAYS/);
  const { KEEP_JOURNAL_DAYS, KEEP_RECORDINGS_DAYS } = readSettings({});
  assert.deepEqual([KEEP_JOURNAL_DAYS, KEEP_RECORDINGS_DAYS], [90, 30]);
  for (const [calls, recordings] of [["0", "0"], ["0", "30"], ["30", "30"]] as const) {
    assert.equal(kept(calls, recordings).KEEP_JOURNAL_DAYS, Number(calls));
  }
});

Deno.test("OVERLOAD=fallback that leads nowhere is one clear error", () => {
  assert.deepEqual(problems({ OVERLOAD: "fallback" }), [
    "OVERLOAD=fallback needs ARI_FALLBACK_CONTEXT, the context that it leads to; or set " +
    "OVERLOAD=queue or busy",
  ]);
  assert.deepEqual(problems({ OVERLOAD: "fallback", ARI_FALLBACK_CONTEXT: "operators" }), []);
});
