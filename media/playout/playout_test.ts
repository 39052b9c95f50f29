import assert from "node:assert/strict";
import { durationMs, type Pcm, samplesIn } from "../frame.ts";
import { ManualTime } from "../../testing/manual_time.ts";
import { heardPrefix, Playout } from "./playout.ts";
import type { AudioOutput } from "../audio_output.ts";

/** An output that keeps what it is given and plays on command. */
class FakeOutput implements AudioOutput {
  readonly log: string[] = [];
  #queue: (number | string)[] = [];

  send(pcm: Pcm): void {
    this.#queue.push(durationMs(pcm.length));
    this.log.push(`audio ${durationMs(pcm.length)}`);
  }

  endOfPhrase(markId: string): void {
    this.#queue.push(markId);
    this.log.push(markId);
  }

  get bufferedMs(): number {
    return this.#queue.reduce<number>((ms, item) => typeof item === "number" ? ms + item : ms, 0);
  }

  pause(): void {
    this.log.push("pause");
  }

  resume(): void {
    this.log.push("resume");
  }

  flush(): Promise<void> {
    this.#queue = [];
    this.log.push("flush");
    return Promise.resolve();
  }

  /** Plays everything queued; returns the marks that were passed. */
  play(): string[] {
    const marks = this.#queue.filter((item) => typeof item === "string");
    this.#queue = [];
    return marks;
  }
}

function setUp() {
  const output = new FakeOutput();
  const told: string[] = [];
  const time = new ManualTime();
  const playout = new Playout<string>(output, {
    lookaheadMs: 2000,
    time,
    events: {
      onQueued: (id) => told.push(`queued ${id}`),
      onStarted: (id) => told.push(`started ${id}`),
      onHeard: (id) => told.push(`heard ${id}`),
    },
  });
  const play = () => output.play().forEach((mark) => playout.onMark(mark));
  return { output, told, time, playout, play };
}

function audio(ms: number): Pcm {
  return new Int16Array(samplesIn(ms));
}

Deno.test("phrases are played in the order they were added, whichever is synthesised first", () => {
  const { playout, told, play } = setUp();
  const [first, second] = [playout.add("1"), playout.add("2")];
  second.write(audio(100));
  second.end();
  assert.deepEqual(told, []);
  first.write(audio(100));
  first.end();
  play();
  assert.deepEqual(told, ["queued 1", "queued 2", "started 1", "heard 1", "started 2", "heard 2"]);
  assert.ok(playout.idle);
});

Deno.test("the first audio of a phrase leaves while the rest is still being synthesised", () => {
  const { playout, output } = setUp();
  playout.add("1").write(audio(40));
  assert.deepEqual(output.log, ["s1", "audio 40"]);
});

Deno.test("no more than the lookahead is handed to the PBX", () => {
  const { playout, output, play, told, time } = setUp();
  const phrase = playout.add("1");
  phrase.write(audio(5000));
  phrase.end();
  assert.equal(output.bufferedMs, 2000);
  for (let round = 0; round < 3; round++) {
    assert.ok(!told.includes("heard 1"));
    play();
    time.advance(100);
    assert.ok(output.bufferedMs <= 2000);
  }
  assert.ok(told.includes("heard 1"), "the rest of the phrase never came");
  playout[Symbol.dispose]();
  assert.equal(time.pending, 0);
});

Deno.test("how much was heard of a phrase cut short is known from its start mark, not counting a pause", () => {
  const { playout, output, time } = setUp();
  const phrase = playout.add("1");
  phrase.write(audio(1000));
  phrase.end();
  time.advance(50);
  playout.onMark("s1");
  time.advance(200);
  playout.pause();
  time.advance(650);
  assert.deepEqual(playout.position, { phrase: "1", heardFraction: 0.2 });
  playout.resume();
  time.advance(100);
  assert.deepEqual(playout.position, { phrase: "1", heardFraction: 0.3 });
  assert.equal(output.log.at(-1), "resume");
});

Deno.test("after a flush no old phrase is played, but a new one is", async () => {
  const { playout, output, told } = setUp();
  const old = playout.add("old");
  old.write(audio(200));
  await playout.flush();
  old.write(audio(200));
  old.end();
  const fresh = playout.add("new");
  fresh.write(audio(60));
  fresh.end();
  output.play().forEach((mark) => playout.onMark(mark));
  assert.deepEqual(told, ["queued old", "queued new", "started new", "heard new"]);
});

Deno.test("nothing is sent while playout is paused", () => {
  const { playout, output } = setUp();
  playout.pause();
  const phrase = playout.add("1");
  phrase.write(audio(40));
  assert.deepEqual(output.log, ["pause"]);
  playout.resume();
  assert.deepEqual(output.log, ["pause", "resume", "s1", "audio 40"]);
});

Deno.test("a mark from before a flush says nothing about what follows it", async () => {
  const { playout, told } = setUp();
  const phrase = playout.add("1");
  phrase.write(audio(40));
  phrase.end();
  await playout.flush();
  playout.onMark("e1");
  assert.deepEqual(told, ["queued 1"]);
});

Deno.test("the text that was heard is cut at a word", () => {
  assert.equal(heardPrefix("The warranty is two years", 0.5), "The");
  assert.equal(heardPrefix("The warranty is two years", 1), "The warranty is two years");
  assert.equal(heardPrefix("The warranty", 0.1), "");
});
