import assert from "node:assert/strict";
import { type BargeInOptions, judge, mayBeEcho } from "./barge_in.ts";
import { ContinuousAudio } from "../continuous_audio.ts";
import { type EndpointingOptions, turnIsOver } from "./endpointing.ts";
import { FRAME_SAMPLES, type Pcm } from "../frame.ts";
import { PAUSE_MS, SpeechDetector } from "./speech_detector.ts";

const WINDOW_MS = 32;

function detector(): SpeechDetector {
  return new SpeechDetector({ threshold: 0.5, windowMs: WINDOW_MS });
}

/** Feeds probabilities written as a picture: `#` speech, `~` between the thresholds, `.` silence. */
function feed(target: SpeechDetector, picture: string): string[] {
  return [...picture].map((sign) => target.update({ "#": 0.9, "~": 0.4 }[sign] ?? 0.05) ?? "-");
}

Deno.test("a single click is no speech", () => {
  assert.ok(feed(detector(), "..#....#....#..").every((change) => change === "-"));
});

Deno.test("speech is noticed at its second window", () => {
  assert.deepEqual(feed(detector(), "..##"), ["-", "-", "-", "onset"]);
});

Deno.test("a dip between syllables is neither a pause nor a new onset", () => {
  assert.deepEqual(feed(detector(), "##~~~~~~##..##"), ["-", "onset", ..."-".repeat(12)]);
});

Deno.test("a pause is said once, after it has lasted", () => {
  const windows = Math.ceil(PAUSE_MS / WINDOW_MS);
  const changes = feed(detector(), "##" + ".".repeat(20));
  assert.equal(changes.indexOf("pause"), 1 + windows);
  assert.equal(changes.filter((change) => change === "pause").length, 1);
});

Deno.test("speech and silence are measured apart", () => {
  const target = detector();
  feed(target, "####..##...");
  assert.equal(target.speechMs, 6 * WINDOW_MS);
  assert.equal(target.silenceMs, 3 * WINDOW_MS);
});

const ENDPOINTING: EndpointingOptions = {
  silenceMs: 400,
  maxSilenceMs: 2000,
  maxUtteranceMs: 60_000,
  looksUnfinished: (text) => text.endsWith("and"),
};

Deno.test("a finished sentence is answered after the short silence", () => {
  const utterance = { lengthMs: 2000, text: "What is the price?" };
  assert.equal(turnIsOver({ ...utterance, silenceMs: 399 }, ENDPOINTING), false);
  assert.equal(turnIsOver({ ...utterance, silenceMs: 400 }, ENDPOINTING), true);
});

Deno.test("a caller who stops in mid-sentence is not cut off", () => {
  const utterance = { lengthMs: 2000, text: "I want a machine and" };
  assert.equal(turnIsOver({ ...utterance, silenceMs: 1999 }, ENDPOINTING), false);
  assert.equal(turnIsOver({ ...utterance, silenceMs: 2000 }, ENDPOINTING), true);
});

Deno.test("a comma at the end asks for a little more patience, not for all of it", () => {
  const utterance = { lengthMs: 2000, text: "Who installs the machine," };
  assert.equal(turnIsOver({ ...utterance, silenceMs: 799 }, ENDPOINTING), false);
  assert.equal(turnIsOver({ ...utterance, silenceMs: 800 }, ENDPOINTING), true);
});

Deno.test("while nothing is recognised yet, nothing looks finished", () => {
  for (const text of [undefined, "", "  "]) {
    assert.equal(turnIsOver({ lengthMs: 900, text, silenceMs: 1999 }, ENDPOINTING), false);
  }
});

Deno.test("an endless utterance ends at its first pause after the limit, or in any case a quarter later", () => {
  const text = "and";
  assert.equal(turnIsOver({ lengthMs: 60_000, silenceMs: 0, text }, ENDPOINTING), false);
  assert.equal(turnIsOver({ lengthMs: 60_000, silenceMs: 32, text }, ENDPOINTING), true);
  assert.equal(turnIsOver({ lengthMs: 75_000, silenceMs: 0, text }, ENDPOINTING), true);
});

const BARGE_IN: BargeInOptions = {
  guardMs: 300,
  confirmMs: 600,
  isBackchannel: (text) => /^uh-huh/i.test(text),
};

Deno.test("speech while the bot's voice has just begun may be its echo", () => {
  assert.equal(mayBeEcho(299, BARGE_IN), true);
  assert.equal(mayBeEcho(300, BARGE_IN), false);
});

Deno.test("long speech is an interruption before a word of it is known", () => {
  assert.equal(judge({ speechMs: 599, paused: false, text: undefined }, BARGE_IN), "undecided");
  assert.equal(judge({ speechMs: 600, paused: false, text: undefined }, BARGE_IN), "interruption");
});

Deno.test("a short word that means something is an interruption", () => {
  assert.equal(judge({ speechMs: 250, paused: true, text: "Stop." }, BARGE_IN), "interruption");
});

Deno.test("a backchannel lets the bot go on, once it is clear that no more follows", () => {
  assert.equal(judge({ speechMs: 250, paused: false, text: "Uh-huh." }, BARGE_IN), "undecided");
  assert.equal(judge({ speechMs: 250, paused: true, text: "Uh-huh." }, BARGE_IN), "backchannel");
});

Deno.test("a noise without words lets the bot go on", () => {
  assert.equal(judge({ speechMs: 90, paused: true, text: " ... " }, BARGE_IN), "noise");
});

/** Frames that come out while `script` runs, as numbers: what was put in, or 0 for silence. */
function continuous(script: (audio: ContinuousAudio, at: (ms: number) => void) => void): number[] {
  const out: number[] = [];
  let now = 0;
  using audio = new ContinuousAudio((frame) => out.push(frame[0]!), () => now);
  audio.start();
  script(audio, (ms) => now = ms);
  return out;
}

function frame(value: number): Pcm {
  return new Int16Array(FRAME_SAMPLES).fill(value);
}

Deno.test("a phone that sends nothing is heard as silence, at the pace of the clock", () => {
  const heard = continuous((audio, at) => {
    for (let ms = 0; ms <= 1000; ms += 20) {
      at(ms);
      audio.fill();
    }
  });
  assert.equal(heard.length, (1000 - 100) / 20);
  assert.ok(heard.every((value) => value === 0));
});

Deno.test("frames that come in time pass as they are, jitter included", () => {
  const heard = continuous((audio, at) => {
    [0, 25, 39, 95, 96, 97, 121].forEach((ms, i) => {
      at(ms);
      audio.fill();
      audio.push(frame(i + 1));
    });
  });
  assert.deepEqual(heard, [1, 2, 3, 4, 5, 6, 7]);
});

Deno.test("a gap is filled before what follows it", () => {
  const heard = continuous((audio, at) => {
    at(0);
    audio.push(frame(1));
    at(220);
    audio.push(frame(2));
  });
  assert.deepEqual(heard, [1, 0, 0, 0, 0, 0, 2]);
});
