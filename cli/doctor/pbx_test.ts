import assert from "node:assert/strict";

import { settingsWith } from "../../config/read_settings.ts";
import type { Finding } from "./finding.ts";
import { checkPbx, type PbxSettings } from "./pbx.ts";

/** Those modules of the sample configuration that matter here, by their names in Asterisk 22. */
const MODULES = [
  ...["res_http_websocket.so", "res_stasis.so", "app_stasis.so", "res_ari.so", "res_ari_model.so"],
  ...["res_ari_applications.so", "res_ari_asterisk.so", "res_ari_bridges.so"],
  ...["res_ari_channels.so", "res_ari_events.so", "res_ari_playbacks.so"],
  ...["res_ari_recordings.so", "chan_websocket.so"],
  ...["bridge_simple.so", "bridge_softmix.so", "codec_resample.so", "codec_ulaw.so"],
];

interface FakePbx {
  readonly version?: string;
  /** `systemname` of asterisk.conf. */
  readonly name?: string;
  readonly modules?: readonly string[];
  readonly apps?: readonly unknown[];
  /** Settings of the one SIP line. */
  readonly line?: Readonly<Record<string, string>>;
  readonly readOnly?: boolean;
  /** The global variables that name its folders. */
  readonly folders?: Readonly<Record<string, string>>;
  /** A web server without ARI. */
  readonly noAri?: boolean;
  /** `prefix` of http.conf, such as `/asterisk`. */
  readonly prefix?: string;
  /** What the operator wrote behind the port. */
  readonly path?: string;
}

/** What the doctor finds at an HTTP server that answers like Asterisk (compared with 22.10.1). */
async function examine(
  {
    version = "22.10.1",
    name = "",
    modules = MODULES,
    apps = [],
    line = {},
    readOnly,
    noAri,
    prefix = "",
    path = "",
    folders = {},
  }: FakePbx,
  changes: Partial<PbxSettings> = {},
): Promise<Finding[]> {
  const answers: Record<string, unknown> = {
    "GET /ari/asterisk/info": {
      system: { version, entity_id: "02:fc:00:00:00:01" },
      config: { name, default_language: "en" },
    },
    "GET /ari/asterisk/modules": modules.map((name) => ({ name, status: "Running" })),
    "GET /ari/applications": apps,
    "GET /ari/endpoints/PJSIP": [{ technology: "PJSIP", resource: "line" }],
    "GET /ari/asterisk/config/dynamic/res_pjsip/endpoint/line": Object.entries(line)
      .map(([attribute, value]) => ({ attribute, value })),
  };
  const authorised = `Basic ${btoa("voxbot:s3cret")}`;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname: asked, searchParams } = new URL(request.url);
    if (noAri || !asked.startsWith(`${prefix}/ari/`)) {
      return new Response("<h1>Not Found</h1>", { status: 404 });
    }
    if (request.headers.get("authorization") !== authorised) {
      return Response.json({ message: "Authentication required" }, { status: 401 });
    }
    const pathname = asked.slice(prefix.length);
    const value = folders[searchParams.get("variable") ?? ""];
    const answer = value ? { value } : answers[`${request.method} ${pathname}`];
    if (answer !== undefined) return Response.json(answer);
    return request.method !== "GET" && readOnly
      ? Response.json({ message: "Write access denied" }, { status: 403 })
      : Response.json({ message: "not found" }, { status: 404 });
  });
  const settings = settingsWith({
    ARI_HTTP_URL: `http://127.0.0.1:${server.addr.port}${path}`,
    ARI_USER: "voxbot",
    ARI_PASSWORD: "s3cret",
    ...changes,
  });
  const findings = await Array.fromAsync(checkPbx(settings));
  await server.shutdown();
  for (const { status, fix } of findings) assert.ok(status !== "FAIL" || fix);
  assert.doesNotMatch(JSON.stringify(findings), /s3cret/);
  return findings;
}

/** The SIP line of the sample configuration, as ARI reports it. */
async function sampleLine(): Promise<Record<string, string>> {
  const text = await Deno.readTextFile(
    new URL("../../asterisk/etc/pjsip.conf", import.meta.url),
  );
  const [, section = ""] = /^\[line\]\n([^[]*)/m.exec(text) ?? [];
  const options = [...section.matchAll(/^(\w+) = (.*)$/gm)].map(([, name, value]) =>
    [name!, value === "yes" ? "true" : value === "no" ? "false" : value!] as const
  );
  assert.ok(options.some(([name]) => name === "rtp_keepalive"));
  return Object.fromEntries(options);
}

/** The only failure among `findings`. */
function failure(findings: readonly Finding[]): { what: string; fix: string } {
  const failed = findings.filter(({ status }) => status === "FAIL");
  assert.equal(failed.length, 1, JSON.stringify(failed));
  return { what: failed[0]!.what, fix: failed[0]!.fix ?? "" };
}

Deno.test("a PBX that has all it needs passes", async () => {
  const findings = await examine({});
  assert.deepEqual(findings.filter(({ status }) => status === "FAIL"), []);
  assert.ok(findings.some(({ what }) => what.startsWith("media transport: websocket")));
});

Deno.test("an address without a PBX is one finding: where to look, and no guesses about the rest", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ARI_HTTP_URL = `http://127.0.0.1:${listener.addr.port}`;
  listener.close();
  const findings = await examine({}, { ARI_HTTP_URL });
  assert.equal(findings.length, 1);
  const { what, fix } = failure(findings);
  assert.ok(what.includes(`ARI_HTTP_URL=${ARI_HTTP_URL}`) && /refused/i.test(what), what);
  assert.match(fix, /http\.conf/);
});

Deno.test("a web server without ARI is not taken for an absent PBX", async () => {
  const { what, fix } = failure(await examine({ noAri: true }));
  assert.match(what, /not ARI \(HTTP 404\)/);
  assert.match(fix, /enabled=yes in ari\.conf/);
});

Deno.test("an ARI behind another path is found, and the setting that reaches it is named", async () => {
  const address = /set ARI_HTTP_URL=http:\/\/127\.0\.0\.1:\d+(\/\S*)?$/;
  const cure = async (prefix: string, path: string) => {
    const findings = await examine({ prefix, path });
    return address.exec(failure(findings).fix)?.[1] ?? "";
  };
  assert.equal(await cure("/asterisk", ""), "/asterisk");
  assert.equal(await cure("", "/pbx"), "");
  assert.equal(await cure("/ari", ""), "/ari/ari", "read back as /ari");
});

Deno.test("a wrong password and a missing user are different mistakes", async () => {
  const refused = failure(await examine({}, { ARI_PASSWORD: "wrong" }));
  assert.match(refused.what, /refuses user voxbot.*401/);
  assert.match(refused.fix, /type=user in ari\.conf/);
  assert.match(failure(await examine({}, { ARI_USER: "" })).what, /ARI_USER is not set/);
});

Deno.test("an ARI user who may only read is found before the first call", async () => {
  assert.match(failure(await examine({ readOnly: true })).fix, /read_only=no/);
});

Deno.test("an Asterisk too old for the chosen transport is named with the version it takes", async () => {
  const old = { version: "20.6.0~dfsg+~cs6.13.40431414-2" };
  const { what } = failure(await examine(old, { MEDIA_TRANSPORT: "websocket" }));
  assert.match(what, /20\.6\.0/);
  assert.match(what, /20\.18, 22\.8, 23\.2 or later/);
});

Deno.test("a PBX without chan_websocket is served by a transport it supports", async () => {
  const modules = MODULES.map((name) => name.replace("chan_websocket", "chan_audiosocket"));
  const findings = await examine({
    version: "20.6.0",
    modules: [...modules, "res_audiosocket.so"],
  });
  const transport = findings.find(({ what }) => what.startsWith("media transport"));
  assert.equal(transport?.status, "ok");
  assert.match(transport.what, /audiosocket .*not websocket: .*chan_websocket\.so/);
});

Deno.test("a line that would drop a silent call is named, with the setting to change", async () => {
  const quiet = { rtp_timeout: "30", rtp_keepalive: "0", direct_media: "true" };
  const fixes = (await examine({ line: quiet })).map(({ fix }) => fix ?? "");
  for (const setting of ["rtp_timeout=120", "rtp_keepalive=10", "direct_media=no"]) {
    assert.ok(fixes.some((fix) => fix.includes(setting)), setting);
  }
  const findings = await examine({ line: await sampleLine() });
  assert.ok(
    findings.some(({ status, what }) => status === "ok" && /stay up in a silence/.test(what)),
  );
});

Deno.test("folders of the PBX that cannot be used are named, with the setting to change (files)", async () => {
  const folder = await Deno.makeTempDir();
  const files = {
    modules: [
      ...MODULES.filter((name) => name !== "chan_websocket.so"),
      ...["res_stasis_playback.so", "res_stasis_recording.so", "res_stasis_snoop.so"],
      ...["format_wav.so", "format_sln.so"],
    ],
    folders: { ASTDATADIR: `${folder}/data`, ASTSPOOLDIR: `${folder}/spool` },
  };
  const missing = failure(await examine(files));
  assert.match(missing.what, /cannot write phrases to .*data\/sounds\/ru \(/);
  assert.match(missing.fix, /^set ASTERISK_SOUNDS_DIR/);

  await Deno.mkdir(`${folder}/data/sounds`, { recursive: true });
  const deaf = failure(await examine(files));
  assert.match(deaf.what, /cannot hear callers from .*spool\/recording \(/);
  assert.match(deaf.fix, /^set ASTERISK_RECORDING_DIR/);

  await Deno.mkdir(`${folder}/elsewhere`);
  const findings = await examine(files, { ASTERISK_RECORDING_DIR: `${folder}/elsewhere` });
  assert.deepEqual(findings.filter(({ status }) => status === "FAIL"), []);
  assert.ok(findings.some(({ what }) => /read from .*elsewhere$/.test(what)));
  await Deno.remove(folder, { recursive: true });
});

Deno.test("an Asterisk without the latest ARI fixes passes, with the advice to update", async () => {
  const findings = await examine({ version: "22.9.0" });
  const advice = findings.find(({ what }) => what.startsWith("Asterisk 22.9.0"));
  assert.equal(advice?.status, "note");
  assert.match(advice.fix ?? "", /22\.10\.1/);
});

Deno.test("a missing module is named, with the command that loads it", async () => {
  for (const module of MODULES) {
    const { what, fix } = failure(
      await examine({ modules: MODULES.filter((name) => name !== module) }),
    );
    const named = module === "codec_ulaw.so" ? "codec for the line" : module;
    assert.ok(what.includes(named), what);
    assert.ok(fix.includes(`module load ${module}`), fix);
  }
});

Deno.test("a chosen transport that the PBX lacks is found before the first call", async () => {
  const { what, fix } = failure(await examine({}, { MEDIA_TRANSPORT: "rtp" }));
  assert.match(what, /MEDIA_TRANSPORT=rtp/);
  assert.match(fix, /module load chan_rtp\.so/);
});

Deno.test("the doctor says what ARI knows of the dialplan, and how to see the rest", async () => {
  const about = async (apps: readonly unknown[]) =>
    (await examine({ apps })).find(({ what }) => /dialplan leads|^application/.test(what))!;

  const inUse = await about([{ name: "voxbot", channel_ids: ["1"] }]);
  assert.deepEqual([inUse.status, /leads to voxbot/.test(inUse.what)], ["ok", true]);
  const idle = await about([{ name: "voxbot", channel_ids: [] }]);
  assert.match(idle.what, /is registered: the bot is running/);
  const other = await about([{ name: "voxbott", channel_ids: [] }]);
  assert.match(other.what, /voxbot is not registered.*registered now: voxbott/);
  assert.match(other.fix ?? "", /Stasis\(voxbot\)/);
});

Deno.test("a PBX whose channels bear the bot's name is noted, and any other is not", async () => {
  const about = async (name: string) =>
    (await examine({ name })).filter(({ what }) => what.includes("is named"));
  assert.deepEqual(await about("pbx1"), []);
  const [finding] = await about("voxbot");
  assert.equal(finding?.status, "note");
  assert.match(finding!.fix!, /systemname/);
});
