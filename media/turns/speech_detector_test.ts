import assert from "node:assert/strict";
import { PAUSE_MS, SpeechDetector } from "./speech_detector.ts";

const WINDOW_MS = 32;

function detector(): SpeechDetector {
  return new SpeechDetector({ threshold: 0.5, windowMs: WINDOW_MS });
}

/** Feeds probabilities written as a picture: `#` speech, `~` between the thresholds, `.` silence. */
function feed(target: SpeechDetector, picture: string): string[] {
  return [...picture].map((sign) => target.update({ "#": 0.9, "~": 0.4 }[sign] ?? 0.05) ?? "-");
}

Deno.test("a single click is not speech", () => {
  assert.ok(feed(detector(), "..#....#....#..").every((change) => change === "-"));
});

Deno.test("an onset is reported at the second window of speech", () => {
  assert.deepEqual(feed(detector(), "..##"), ["-", "-", "-", "onset"]);
});

Deno.test("a dip between syllables is neither a pause nor a new onset", () => {
  assert.deepEqual(feed(detector(), "##~~~~~~##..##"), ["-", "onset", ..."-".repeat(12)]);
});

Deno.test("a pause is reported once, when it has lasted", () => {
  const windows = Math.ceil(PAUSE_MS / WINDOW_MS);
  const changes = feed(detector(), "##" + ".".repeat(20));
  assert.equal(changes.indexOf("pause"), 1 + windows);
  assert.equal(changes.filter((change) => change === "pause").length, 1);
});

Deno.test("speech and silence are measured separately", () => {
  const target = detector();
  feed(target, "####..##...");
  assert.equal(target.speechMs, 6 * WINDOW_MS);
  assert.equal(target.silenceMs, 3 * WINDOW_MS);
});
