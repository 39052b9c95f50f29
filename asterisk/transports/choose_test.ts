import assert from "node:assert/strict";
import { settingsWith } from "../../config/read_settings.ts";
import { chooseTransport, inCallersCodec, type PbxFacts, planMedia } from "./choose.ts";

const FILES = [
  "res_stasis_playback.so",
  "res_stasis_recording.so",
  "res_stasis_snoop.so",
  "format_wav.so",
  "format_sln.so",
  "codec_resample.so",
];
const RTP = ["chan_rtp.so", "res_rtp_asterisk.so", ...FILES];
const AUDIOSOCKET = ["chan_audiosocket.so", "res_audiosocket.so", ...RTP];
const WEBSOCKET = ["chan_websocket.so", "res_http_websocket.so", ...AUDIOSOCKET];

const DEBIAN_22: PbxFacts = { version: "22.10.1~dfsg+~cs6.17", modules: WEBSOCKET };
const UBUNTU_20_6: PbxFacts = { version: "20.6.0~dfsg+~cs6.13", modules: AUDIOSOCKET };
const DEBIAN_16: PbxFacts = { version: "16.28.0~dfsg-0+deb11u4", modules: RTP };
const BARE: PbxFacts = { version: "13.38.3", modules: FILES };
const FOLDERS = { dataDir: "/usr/share/asterisk", spoolDir: "/var/spool/asterisk" };

Deno.test("auto takes the best transport the PBX offers", () => {
  const auto = settingsWith({});
  assert.equal(chooseTransport(auto, DEBIAN_22).kind, "websocket");
  assert.equal(chooseTransport(auto, UBUNTU_20_6).kind, "audiosocket");
  assert.equal(chooseTransport(auto, DEBIAN_16).kind, "rtp");
  assert.equal(chooseTransport(auto, BARE).kind, "files");
});

Deno.test("the reason names the choice and what each better transport lacks", () => {
  const { why } = chooseTransport(settingsWith({}), DEBIAN_16);
  assert.match(why, /^the PBX has chan_rtp; /);
  assert.match(why, /not websocket: the PBX does not run chan_websocket\.so/);
  assert.match(why, /not audiosocket: the PBX does not run chan_audiosocket\.so/);
});

Deno.test("a chan_websocket without JSON control is passed over", () => {
  const { kind, why } = chooseTransport(settingsWith({}), { ...DEBIAN_22, version: "22.6.0" });
  assert.equal(kind, "audiosocket");
  assert.match(
    why,
    /not websocket: the PBX is 22\.6\.0, but 20\.18, 22\.8, 23\.2 or later is needed/,
  );
});

Deno.test("a configured transport is used, or refused with the cure, but never replaced", () => {
  const rtp = chooseTransport(settingsWith({ MEDIA_TRANSPORT: "rtp" }), DEBIAN_22);
  assert.equal(rtp.kind, "rtp");
  const none = chooseTransport(settingsWith({ MEDIA_TRANSPORT: "websocket" }), UBUNTU_20_6);
  assert.equal(none.kind, undefined);
  assert.match(none.why, /MEDIA_TRANSPORT=websocket cannot be used: .*chan_websocket\.so/);
});

Deno.test("a PBX without any media module: the reason names what every transport needs", () => {
  const { kind, why, verdicts } = chooseTransport(settingsWith({}), { ...BARE, modules: [] });
  assert.equal(kind, undefined);
  assert.equal(verdicts.length, 4);
  for (const name of ["websocket", "audiosocket", "rtp", "files"]) assert.ok(why.includes(name));
});

Deno.test("a PBX on another machine is not asked to connect to loopback", () => {
  const apart = { ARI_HTTP_URL: "http://10.0.0.5:8088" };
  const refused = chooseTransport(settingsWith(apart), UBUNTU_20_6);
  assert.equal(refused.kind, undefined);
  assert.match(refused.why, /set it to an address of this machine/);
  assert.match(refused.why, /not files: .*ASTERISK_SOUNDS_DIR/);
  const reached = settingsWith({ ...apart, MEDIA_HOST: "10.0.0.6" });
  assert.equal(chooseTransport(reached, UBUNTU_20_6).kind, "audiosocket");
  const shared = settingsWith({
    ...apart,
    ASTERISK_SOUNDS_DIR: "/mnt/sounds",
    ASTERISK_RECORDING_DIR: "/mnt/recording",
  });
  assert.equal(chooseTransport(shared, BARE).kind, "files");
});

Deno.test("audiosocket is wideband only where the PBX states the sample rate of its frames", () => {
  const settings = settingsWith({});
  const plan = (pbx: PbxFacts) => planMedia("audiosocket", settings, pbx, FOLDERS);
  assert.deepEqual(plan(DEBIAN_22), { kind: "audiosocket", host: "127.0.0.1", format: "slin16" });
  assert.deepEqual(plan(UBUNTU_20_6), { kind: "audiosocket", host: "127.0.0.1", format: "slin" });
});

Deno.test("rtp speaks the caller's own codec, so that nothing is transcoded", () => {
  const settings = settingsWith({ RTP_PORT_MIN: 31_000, RTP_PORT_MAX: 31_009 });
  const plan = (formats?: string) =>
    inCallersCodec(planMedia("rtp", settings, DEBIAN_16, FOLDERS), formats);
  assert.deepEqual(plan("(alaw)"), {
    kind: "rtp",
    host: "127.0.0.1",
    ports: [31_000, 31_009],
    format: "alaw",
  });
  const spoken = ["(ulaw)", "(alaw|ulaw)", "(ulaw|alaw)", "(g722|alaw)", "(opus)", undefined]
    .map((formats) => (plan(formats) as { format: string }).format);
  assert.deepEqual(spoken, ["ulaw", "alaw", "ulaw", "alaw", "ulaw", "ulaw"]);
});

Deno.test("files are where the settings say, otherwise where the PBX says", () => {
  const plan = (changes: Parameters<typeof settingsWith>[0]) =>
    planMedia("files", settingsWith(changes), BARE, FOLDERS);
  assert.deepEqual(plan({}), {
    kind: "files",
    soundsDir: "/usr/share/asterisk/sounds",
    language: "ru",
    recordingDir: "/var/spool/asterisk/recording",
    retries: 3,
  });
  const set = plan({
    ASTERISK_SOUNDS_DIR: "/s",
    ASTERISK_RECORDING_DIR: "/r",
    ASTERISK_LANG: "en",
  });
  assert.deepEqual(set, {
    kind: "files",
    soundsDir: "/s",
    language: "en",
    recordingDir: "/r",
    retries: 3,
  });
});
