import assert from "node:assert/strict";
import { join } from "node:path";
import { type Pcm, pcmToBytes } from "../../../media/frame.ts";
import { ManualTime } from "../../../testing/manual_time.ts";
import type { MediaTransport } from "../../../media/transport.ts";
import { readWav } from "../../../testing/wav.ts";
import { TransportError } from "../error.ts";
import { prepareFiles } from "./files_transport.ts";
import type { FileControl, FileEvents } from "./files_control.ts";
import { LineLog } from "../../../testing/line_log.ts";
import { PhraseFiles, sweepPhraseFiles } from "./phrase_files.ts";

const FOREVER = new AbortController().signal;

/** A PBX that records and plays on the test's command. */
class FakePbx implements FileControl {
  /** Every request, such as `play sound:ru/x`. */
  readonly asked: string[] = [];
  events!: FileEvents;
  /** The playback under way, or the last one requested. */
  playbackId = "";
  media = "";
  recordsAtAll = true;
  /** Delays the answer to `play`. */
  answer: Promise<void> = Promise.resolve();
  #news = Promise.withResolvers<void>();

  constructor(readonly soundsDir: string, readonly recordingDir: string) {}

  listen(events: FileEvents): void {
    this.events = events;
  }

  async play(playbackId: string, media: string): Promise<void> {
    this.playbackId = playbackId;
    this.media = media;
    this.#ask(`play ${media}`);
    await this.answer;
  }

  pause(): Promise<void> {
    return this.#ask("pause");
  }

  resume(): Promise<void> {
    return this.#ask("resume");
  }

  stop(): Promise<void> {
    return this.#ask("stop");
  }

  async record(name: string): Promise<void> {
    if (!this.recordsAtAll) return await new Promise(() => {});
    await Deno.writeFile(join(this.recordingDir, `${name}.sln96`), new Uint8Array());
  }

  async discard(name: string): Promise<void> {
    await Deno.remove(join(this.recordingDir, `${name}.sln96`));
    await this.#ask("discard");
  }

  /** Resolves after `count` requests. */
  async until(count: number): Promise<void> {
    while (this.asked.length < count) await this.#news.promise;
  }

  started(): void {
    this.events.onPlaybackStarted(this.playbackId);
  }

  finished(): void {
    this.events.onPlaybackFinished(this.playbackId);
  }

  /** The file of the last playback requested. */
  get path(): string {
    return join(this.soundsDir, `${this.media.slice("sound:".length)}.wav`);
  }

  /** The requests without names. */
  get verbs(): string[] {
    return this.asked.map((text) => text.split(" ")[0]!);
  }

  #ask(text: string): Promise<void> {
    this.asked.push(text);
    this.#news.resolve();
    this.#news = Promise.withResolvers();
    return Promise.resolve();
  }
}

interface Line {
  readonly time: ManualTime;
  readonly log: LineLog;
  readonly pbx: FakePbx;
  readonly transport: MediaTransport;
}

async function withFolders(test: (sounds: string, recordings: string) => Promise<void>) {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(join(root, "sounds"));
    await Deno.mkdir(join(root, "recording"));
    await test(join(root, "sounds"), join(root, "recording"));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** Runs `test` on an open line whose clock the test moves. */
function onLine(test: (line: Line) => Promise<void>): Promise<void> {
  return withFolders(async (soundsDir, recordingDir) => {
    const time = new ManualTime();
    const log = new LineLog();
    const pbx = new FakePbx(soundsDir, recordingDir);
    const plan = { kind: "files", soundsDir, recordingDir, language: "ru", retries: 1 } as const;
    await using listener = await prepareFiles(plan, pbx, time);
    {
      await using transport = listener.transport({ kind: "files" });
      await open(transport, log, time);
      await test({ time, log, pbx, transport });
    }
    assert.deepEqual(pbx.verbs.at(-1), "discard");
    for (const folder of [join(soundsDir, "ru"), recordingDir]) {
      assert.deepEqual([...Deno.readDirSync(folder)], [], `nothing is left in ${folder}`);
    }
  });
}

async function open(transport: MediaTransport, log: LineLog, time: ManualTime): Promise<void> {
  const opened = transport.open(log, FOREVER);
  await beatUntil(time, opened);
}

/** Lets beats pass until `done` has settled. */
async function beatUntil(time: ManualTime, done: Promise<unknown>): Promise<void> {
  let settled = false;
  const watch = done.finally(() => settled = true);
  watch.catch(() => {});
  while (!settled) {
    time.advance(20);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await watch;
}

function speech(ms: number): Pcm {
  return new Int16Array(16 * ms).fill(5000);
}

Deno.test("a phrase is played from a complete telephone WAV, its marks reported at its start and end", () =>
  onLine(async ({ time, log, pbx, transport }) => {
    transport.out.endOfPhrase("begin");
    transport.out.send(speech(600));
    transport.out.send(speech(400));
    transport.out.endOfPhrase("end");
    await pbx.until(1);
    assert.match(pbx.media, /^sound:ru\/voxbot-[0-9a-f-]{36}$/);
    const { sampleRateHz, channels } = readWav(await Deno.readFile(pbx.path));
    assert.equal(sampleRateHz, 8000);
    assert.equal(channels.length, 1);
    assert.equal(channels[0]!.length, 8000);
    assert.equal((await Deno.stat(pbx.path)).mode! & 0o044, 0o044, "readable by the PBX's user");
    assert.deepEqual(log.marks, []);
    pbx.started();
    assert.deepEqual(log.marks, ["begin"]);
    time.advance(400);
    assert.equal(transport.out.bufferedMs, 600);
    time.advance(600);
    pbx.finished();
    assert.deepEqual(log.marks, ["begin", "end"]);
    assert.equal(transport.out.bufferedMs, 0);
  }));

Deno.test("the PBX's user can read phrases even where the umask keeps new files to their owner", () =>
  withFolders(async (soundsDir) => {
    const before = Deno.umask(0o077);
    try {
      await using files = await PhraseFiles.open(soundsDir, "ru");
      await files.write("phrase", speech(20));
      for (const [path, bits] of [["ru", 0o055], ["ru/phrase.wav", 0o044]] as const) {
        assert.equal((await Deno.stat(join(soundsDir, path))).mode! & bits, bits, path);
      }
    } finally {
      Deno.umask(before);
    }
  }));

Deno.test("phrases are played one by one, so that stopping one stops all", () =>
  onLine(async ({ time, log, pbx, transport }) => {
    for (const id of ["a", "b"]) {
      transport.out.send(speech(100));
      transport.out.endOfPhrase(id);
    }
    assert.equal(transport.out.bufferedMs, 200);
    await pbx.until(1);
    pbx.started();
    time.advance(100);
    assert.equal(pbx.asked.length, 1);
    pbx.finished();
    await pbx.until(2);
    pbx.started();
    time.advance(100);
    pbx.finished();
    assert.deepEqual(log.marks, ["a", "b"]);
  }));

Deno.test("a phrase without audio ends immediately, and nothing waits for it", () =>
  onLine(({ time, log, transport }) => {
    transport.out.endOfPhrase("begin");
    transport.out.endOfPhrase("end");
    time.advance(20);
    assert.deepEqual(log.marks, ["begin", "end"]);
    return Promise.resolve();
  }));

Deno.test("a pause holds the playback, and paused time does not count as heard", () =>
  onLine(async ({ time, log, pbx, transport }) => {
    transport.out.send(speech(1000));
    transport.out.endOfPhrase("a");
    await pbx.until(1);
    pbx.started();
    time.advance(300);
    transport.out.pause();
    await pbx.until(2);
    time.advance(60_000);
    assert.equal(transport.out.bufferedMs, 700);
    transport.out.resume();
    await pbx.until(3);
    assert.equal(transport.out.bufferedMs, 700);
    time.advance(700);
    pbx.finished();
    assert.deepEqual(pbx.verbs, ["play", "pause", "resume"]);
    assert.deepEqual(log.marks, ["a"]);
  }));

Deno.test("a barge-in stops the playback and drops the queue; the next phrase is played", () =>
  onLine(async ({ time, log, pbx, transport }) => {
    for (const id of ["a", "b"]) {
      transport.out.send(speech(1000));
      transport.out.endOfPhrase(id);
    }
    transport.out.send(speech(10));
    await pbx.until(1);
    pbx.started();
    time.advance(200);
    transport.out.pause();
    const flushed = transport.out.flush();
    transport.out.send(speech(100));
    transport.out.endOfPhrase("next");
    await pbx.until(3);
    assert.deepEqual(pbx.verbs, ["play", "pause", "stop"]);
    pbx.finished();
    await flushed;
    await pbx.until(4);
    pbx.started();
    time.advance(100);
    pbx.finished();
    assert.deepEqual(log.marks, ["next"]);
  }));

Deno.test("a stop never overtakes its play", () =>
  onLine(async ({ pbx, transport }) => {
    const answered = Promise.withResolvers<void>();
    pbx.answer = answered.promise;
    transport.out.send(speech(1000));
    transport.out.endOfPhrase("a");
    await pbx.until(1);
    const flushed = transport.out.flush();
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert.deepEqual(pbx.verbs, ["play"]);
    answered.resolve();
    await pbx.until(2);
    pbx.finished();
    await flushed;
  }));

Deno.test("a phrase flushed before it was written is never played", () =>
  onLine(async ({ log, pbx, transport }) => {
    transport.out.send(speech(1000));
    transport.out.endOfPhrase("a");
    await transport.out.flush();
    assert.deepEqual(pbx.verbs.filter((verb) => verb === "play"), []);
    assert.deepEqual(log.marks, []);
  }));

Deno.test("a playback that ends immediately was not heard: it is repeated, then reported with the likely cause", () =>
  onLine(async ({ time, log, pbx, transport }) => {
    transport.out.send(speech(3000));
    transport.out.endOfPhrase("a");
    for (const attempt of [1, 2]) {
      await pbx.until(attempt);
      pbx.started();
      time.advance(20);
      pbx.finished();
      time.advance(500);
    }
    assert.equal(transport.stats.phrasesInaudible, 2);
    assert.deepEqual(log.marks, []);
    const [end] = log.ends;
    assert.equal(end!.reason, "lost");
    assert.match(end!.detail, /3000 ms ended at once.*ASTERISK_SOUNDS_DIR/);
  }));

Deno.test("a caller who hangs up within a phrase is not taken for an inaudible phrase", () =>
  onLine(async ({ time, log, pbx, transport }) => {
    transport.out.send(speech(3000));
    transport.out.endOfPhrase("a");
    await pbx.until(1);
    pbx.started();
    time.advance(20);
    pbx.finished();
    time.advance(400);
    assert.equal(transport.stats.phrasesInaudible, 0);
    assert.deepEqual(log.ends, []);
  }));

Deno.test("a playback whose end is never reported does not hold up the conversation", () =>
  onLine(async ({ time, log, pbx, transport }) => {
    transport.out.send(speech(1000));
    transport.out.endOfPhrase("a");
    await pbx.until(1);
    pbx.started();
    time.advance(3900);
    assert.deepEqual(log.marks, []);
    time.advance(200);
    assert.deepEqual(log.marks, ["a"]);
    await pbx.until(2);
    assert.deepEqual(pbx.verbs, ["play", "stop"]);
    assert.equal(transport.stats.phrasesUnreported, 1);
  }));

Deno.test("a flush whose end is never reported ends nevertheless", () =>
  onLine(async ({ time, pbx, transport }) => {
    transport.out.send(speech(1000));
    transport.out.endOfPhrase("a");
    await pbx.until(1);
    pbx.started();
    await beatUntil(time, transport.out.flush());
  }));

Deno.test("a playback that never begins is repeated, then the line is lost", () =>
  onLine(async ({ time, log, pbx, transport }) => {
    transport.out.send(speech(1000));
    transport.out.endOfPhrase("a");
    await pbx.until(1);
    time.advance(3100);
    await pbx.until(3);
    time.advance(3100);
    assert.deepEqual(pbx.verbs.slice(0, 3).toSorted(), ["play", "play", "stop"]);
    assert.match(log.ends[0]!.detail, /never begun/);
  }));

Deno.test("a sounds folder that disappears during the call is reported by name", () =>
  withFolders(async (soundsDir, recordingDir) => {
    const time = new ManualTime();
    const log = new LineLog();
    const pbx = new FakePbx(soundsDir, recordingDir);
    const plan = { kind: "files", soundsDir, recordingDir, language: "ru", retries: 1 } as const;
    await using listener = await prepareFiles(plan, pbx, time);
    await using transport = listener.transport({ kind: "files" });
    await open(transport, log, time);
    await Deno.remove(join(soundsDir, "ru"));
    transport.out.send(speech(100));
    transport.out.endOfPhrase("a");
    await log.until(({ ends }) => ends.length === 1);
    assert.ok(log.ends[0]!.detail.includes(join(soundsDir, "ru")));
  }));

Deno.test("a sounds folder that is missing or not writable is found before the call is taken", () =>
  withFolders(async (soundsDir, recordingDir) => {
    const pbx = new FakePbx(soundsDir, recordingDir);
    for (const folder of [join(soundsDir, "nowhere"), "/proc"]) {
      const plan = {
        kind: "files",
        soundsDir: folder,
        recordingDir,
        language: "ru",
        retries: 1,
      } as const;
      await assert.rejects(prepareFiles(plan, pbx), (error) => {
        assert.ok(error instanceof TransportError);
        assert.ok(error.message.includes(`${folder}/ru`), error.message);
        assert.match(error.message, /ASTERISK_SOUNDS_DIR/);
        return true;
      });
    }
  }));

Deno.test("when a recording never starts, or is not where it should be, the error says what to check", () =>
  withFolders(async (soundsDir, recordingDir) => {
    const plan = { kind: "files", soundsDir, recordingDir, language: "ru", retries: 1 } as const;
    for (const recordsAtAll of [false, true]) {
      const time = new ManualTime();
      const pbx = new FakePbx(soundsDir, recordingDir);
      pbx.recordsAtAll = recordsAtAll;
      pbx.discard = () => Promise.resolve();
      const elsewhere = { ...plan, recordingDir: join(recordingDir, "elsewhere") };
      await using listener = await prepareFiles(elsewhere, pbx, time);
      await using transport = listener.transport({ kind: "files" });
      const deadline = new AbortController();
      const opened = transport.open(new LineLog(), deadline.signal);
      time.advance(5000);
      deadline.abort();
      await assert.rejects(beatUntil(time, opened), /ASTERISK_RECORDING_DIR/);
    }
  }));

Deno.test("the caller is heard while the bot speaks, and onset is reported before the frames come", () =>
  onLine(async ({ time, log, pbx, transport }) => {
    transport.out.send(speech(1000));
    transport.out.endOfPhrase("a");
    await pbx.until(1);
    pbx.started();
    pbx.events.onTalking(true);
    assert.deepEqual(log.talking, [true]);
    const [recording] = [...Deno.readDirSync(pbx.recordingDir)];
    const block = pcmToBytes(new Int16Array(16_384).fill(2000));
    await Deno.writeFile(join(pbx.recordingDir, recording!.name), block, { append: true });
    await beatUntil(time, log.until(({ frames }) => frames.length === 8));
    assert.ok(Math.abs(log.frames[4]![0]! - 2000) < 40);
  }));

Deno.test("when a recording ends while the caller is there, the line is lost", () =>
  onLine(({ time, log, pbx }) => {
    pbx.events.onRecordingEnded("disk full");
    time.advance(480);
    assert.deepEqual(log.ends, [], "a hang-up would end it too");
    time.advance(40);
    assert.deepEqual(log.ends, [{ reason: "lost", detail: "disk full" }]);
    return Promise.resolve();
  }));

Deno.test("what a dead service has left in the sounds folder is removed, and nothing else", () =>
  withFolders(async (soundsDir) => {
    await Deno.mkdir(join(soundsDir, "ru"));
    const phrase = `voxbot-${crypto.randomUUID()}.wav`;
    for (const name of [phrase, `${phrase}.partial`, "hello.wav", "voxbot-greeting.wav"]) {
      await Deno.writeTextFile(join(soundsDir, "ru", name), "");
      await Deno.utime(join(soundsDir, "ru", name), 1, 1);
    }
    const beingSaid = `voxbot-${crypto.randomUUID()}.wav`;
    await Deno.writeTextFile(join(soundsDir, "ru", beingSaid), "");
    assert.equal(await sweepPhraseFiles(soundsDir, "ru"), 2);
    const left = [...Deno.readDirSync(join(soundsDir, "ru"))].map(({ name }) => name).sort();
    assert.deepEqual(left, ["hello.wav", beingSaid, "voxbot-greeting.wav"].sort());
    assert.equal(await sweepPhraseFiles(soundsDir, "nowhere"), 0);
  }));
