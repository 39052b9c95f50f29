import assert from "node:assert/strict";
import { join } from "node:path";
import { settingsWith } from "../../config/read_settings.ts";
import type { Settings } from "../../config/settings.ts";
import { samplesIn } from "../../media/frame.ts";
import type { TtsProvider } from "../../speech/tts.ts";
import { LogLines } from "../../testing/log_lines.ts";
import { readWav } from "../../testing/wav.ts";
import { prompts } from "./conversation/conversation_rig.ts";
import { PreparedSpeech } from "./prepared.ts";

const SOUND = "voxbot-last-resort-en.wav";
const WAIT = "voxbot-busy-wait-en.wav";
const HANDOVER = "voxbot-busy-handover-en.wav";

/** A voice that speaks 200 ms whatever the text, and fails at those that the test names. */
class FakeVoice implements TtsProvider {
  readonly name = "fake";
  readonly asked: string[] = [];
  fails = (_text: string) => false;

  async *synthesize(text: string) {
    this.asked.push(text);
    await Promise.resolve();
    if (this.fails(text)) throw new Error("no voice");
    yield new Int16Array(samplesIn(200)).fill(1000);
  }
}

/** Speech prepared for a PBX whose sounds are in a folder of the test's own. */
async function setUp(changes: Partial<Settings> = {}) {
  const folder = await Deno.makeTempDir();
  const voice = new FakeVoice();
  const settings = settingsWith({ ASTERISK_LANG: "en", ASTERISK_SOUNDS_DIR: folder, ...changes });
  return {
    voice,
    folder,
    prepared: new PreparedSpeech(voice, settings),
    another: () => new PreparedSpeech(voice, settings),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

Deno.test("the greeting and the apology are audio before any call, each synthesised once", async () => {
  await using isolate = await setUp();
  const { prepared, voice } = isolate;
  await prepared.render(prompts);
  await prepared.render(prompts);
  for (const text of [prompts.greeting, prompts.apology, prompts.farewell, ...prompts.fillers]) {
    assert.equal(prepared.get(text)?.length, samplesIn(200), text);
  }
  assert.deepEqual(voice.asked, [...new Set(voice.asked)]);
});

Deno.test("figures in a prompt are rendered in words, and found by the text as it is written", async () => {
  await using isolate = await setUp();
  await isolate.prepared.render({ ...prompts, greeting: "Open until 6 pm." });
  assert.ok(isolate.prepared.get("Open until 6 pm."));
  assert.match(isolate.voice.asked[0]!, /six/);
});

Deno.test("a voice that fails costs no isolate: what was rendered stays, the rest is left for the call", async () => {
  await using isolate = await setUp();
  using log = new LogLines("warning");
  isolate.voice.fails = (text) => text === prompts.nudge;
  await isolate.prepared.render(prompts);
  assert.ok(isolate.prepared.get(prompts.greeting));
  assert.equal(isolate.prepared.get(prompts.nudge), undefined);
  assert.equal(isolate.prepared.get(prompts.apology), undefined);
  assert.match(log.warnings.join(), /could not be rendered beforehand.*no voice/);
  isolate.voice.fails = () => false;
  await isolate.prepared.render(prompts);
  assert.ok(isolate.prepared.get(prompts.apology), "the next engine is given another chance");
});

Deno.test("the PBX gets the last apology as a telephone-rate file, written by one isolate for all", async () => {
  await using isolate = await setUp();
  await isolate.prepared.render(prompts);
  const path = join(isolate.folder, SOUND);
  const { sampleRateHz, channels } = readWav(await Deno.readFile(path));
  assert.equal(sampleRateHz, 8000);
  assert.ok(Math.abs(channels[0]!.length - 1600) < 160);
  await Deno.writeTextFile(path, "as an operator recorded it");
  await isolate.another().render(prompts);
  assert.equal(await Deno.readTextFile(path), "as an operator recorded it");
  const written = [...Deno.readDirSync(isolate.folder)].map(({ name }) => name).sort();
  assert.deepEqual(written, [HANDOVER, WAIT, SOUND]);
});

Deno.test("an apology that cannot be written is logged, and calls are taken", async () => {
  await using isolate = await setUp();
  using log = new LogLines("error");
  await Deno.remove(isolate.folder);
  await Deno.writeTextFile(isolate.folder, "a file where the sounds belong");
  await isolate.prepared.render(prompts);
  assert.ok(isolate.prepared.get(prompts.greeting));
  assert.match(log.errors.join(), /could not be written.*voxbot-last-resort-en/);
});

Deno.test("a PBX of another user can play the last apology, whatever the bot's umask is", async () => {
  const dataDir = await Deno.makeTempDir();
  const umask = Deno.umask(0o077);
  try {
    await Deno.chmod(dataDir, 0o711);
    const settings = settingsWith({ ASTERISK_LANG: "en", DATA_DIR: dataDir });
    const mode = async (name: string) => (await Deno.stat(join(dataDir, name))).mode! & 0o777;
    await new PreparedSpeech(new FakeVoice(), settings).render(prompts);
    assert.equal(await mode("prompts"), 0o755);
    assert.equal(await mode(join("prompts", SOUND)), 0o644);

    await Deno.chmod(join(dataDir, "prompts", SOUND), 0o600);
    await Deno.chmod(join(dataDir, "prompts"), 0o700);
    await new PreparedSpeech(new FakeVoice(), settings).render(prompts);
    assert.equal(await mode("prompts"), 0o755, "as an earlier version left it");
    assert.equal(await mode(join("prompts", SOUND)), 0o644);
  } finally {
    Deno.umask(umask);
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("the PBX gets the notices to callers who wait or go, those that OVERLOAD asks for", async () => {
  for (
    const [OVERLOAD, expected] of [
      ["queue", [HANDOVER, WAIT, SOUND]],
      ["fallback", [HANDOVER, SOUND]],
      ["busy", [SOUND]],
    ] as const
  ) {
    await using isolate = await setUp({ OVERLOAD });
    await isolate.prepared.render(prompts);
    const written = [...Deno.readDirSync(isolate.folder)].map(({ name }) => name).sort();
    assert.deepEqual(written, [...expected], OVERLOAD);
    assert.equal(isolate.prepared.get(prompts.busy_wait), undefined, "no call says it");
  }
});
