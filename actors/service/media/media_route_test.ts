import assert from "node:assert/strict";
import { settingsWith } from "../../../config/read_settings.ts";
import { LogLines } from "../../../testing/log_lines.ts";
import { MediaRoute, MediaRouteError, type RouteCommands } from "./media_route.ts";

const { signal } = new AbortController();

const FILES = [
  "res_stasis_playback.so",
  "res_stasis_recording.so",
  "res_stasis_snoop.so",
  "format_wav.so",
  "format_sln.so",
];

/** A PBX with these modules running. */
function pbx(...names: string[]): RouteCommands {
  const modules = ["codec_resample.so", ...names].map((name) => ({
    name,
    status: "Running",
    description: "",
    use_count: 0,
  }));
  return {
    info: () => Promise.resolve({ system: { version: "22.10.1", entity_id: "" } }),
    modules: () => Promise.resolve(modules),
    globalVariable: (name: string) => Promise.resolve(`/nowhere/${name}`),
    storedRecordings: () => Promise.resolve([]),
    isRecording: () => Promise.resolve(false),
    deleteStoredRecording: () => Promise.resolve(),
  };
}

const WEBSOCKET = pbx("chan_websocket.so");
const AUDIOSOCKET = pbx("chan_audiosocket.so", "res_audiosocket.so");

Deno.test("a call that comes before the PBX has said what it has waits for it", async () => {
  const route = new MediaRoute(settingsWith({}));
  assert.ok(route.problem);
  const plan = route.plan(signal);
  await route.choose(AUDIOSOCKET);
  assert.deepEqual(await plan, { kind: "audiosocket", host: "127.0.0.1", format: "slin16" });
  assert.equal(route.problem, undefined);
});

Deno.test("after the PBX comes back with other modules, calls use what it has now", async () => {
  const route = new MediaRoute(settingsWith({}));
  await route.choose(AUDIOSOCKET);
  await route.choose(WEBSOCKET);
  assert.deepEqual(await route.plan(signal), { kind: "websocket" });
  await route.choose(pbx());
  await assert.rejects(route.plan(signal), MediaRouteError);
});

Deno.test("the log says once for each outcome which transport was chosen, and why none better", async () => {
  using log = new LogLines();
  const route = new MediaRoute(settingsWith({}));
  for (const found of [AUDIOSOCKET, AUDIOSOCKET, pbx()]) await route.choose(found);
  assert.equal(log.all.length, 2, log.all.join("\n"));
  assert.match(
    log.all[0]!,
    /travels by.*transport=audiosocket.*not websocket: .*chan_websocket\.so/,
  );
  assert.match(log.all[1]!, /calls cannot be taken.*run the doctor/);
});

Deno.test("a transport that is configured but impossible is refused, with the reason", async () => {
  const route = new MediaRoute(settingsWith({ MEDIA_TRANSPORT: "websocket" }));
  const waiting = assert.rejects(route.plan(signal), /MEDIA_TRANSPORT=websocket cannot be used/);
  await route.choose(AUDIOSOCKET);
  await waiting;
  assert.match(route.problem!, /does not run chan_websocket\.so/);
});

Deno.test("a call that ends while it waits for the PBX stops waiting", async () => {
  const over = new AbortController();
  const plan = new MediaRoute(settingsWith({})).plan(over.signal);
  over.abort(new DOMException("hung up", "AbortError"));
  await assert.rejects(plan, { message: "hung up" });
});

Deno.test("files are refused while the PBX's folders cannot be used, and chosen once they can", async () => {
  const folder = await Deno.makeTempDir();
  const [soundsDir, recordingDir] = [`${folder}/sounds`, `${folder}/recording`];
  const route = new MediaRoute(
    settingsWith({
      MEDIA_TRANSPORT: "files",
      ASTERISK_SOUNDS_DIR: soundsDir,
      ASTERISK_RECORDING_DIR: recordingDir,
    }),
  );
  await route.choose(pbx(...FILES));
  assert.match(route.problem!, /cannot write phrases to .*sounds.*ASTERISK_SOUNDS_DIR/);
  await Deno.mkdir(soundsDir);
  await route.choose(pbx(...FILES));
  assert.match(route.problem!, /cannot hear callers from .*recording.*ASTERISK_RECORDING_DIR/);
  await Deno.mkdir(recordingDir);
  await route.choose(pbx(...FILES));
  assert.equal(route.problem, undefined);
  assert.equal((await route.plan(signal)).kind, "files");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("calls of an earlier run need not wait until their PBX has listed its recordings", async () => {
  const folder = await Deno.makeTempDir();
  const route = new MediaRoute(
    settingsWith({
      MEDIA_TRANSPORT: "files",
      ASTERISK_SOUNDS_DIR: folder,
      ASTERISK_RECORDING_DIR: folder,
    }),
  );
  let asked = 0;
  await route.choose({
    ...pbx(...FILES),
    storedRecordings: () => Promise.resolve(void asked++).then(() => []),
  });
  assert.equal((await route.plan(signal)).kind, "files");
  assert.equal(asked, 0, "the first reconciliation that finds the route removes them");
  await route.removeRecordings();
  assert.equal(asked, 1);
  await Deno.remove(folder, { recursive: true });
});
