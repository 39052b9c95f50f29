import assert from "node:assert/strict";
import { durationMs } from "../../../media/frame.ts";
import { LocalVoice } from "./local_voice.ts";

const NEVER = new AbortController().signal;
const SENTENCE = "We are open every day from nine in the morning, also before holidays. ";

Deno.test("one voice serves many calls", async (t) => {
  using voice = await LocalVoice.load();
  const speak = (text: string, heard: (ms: number) => void, signal = NEVER) =>
    voice.speak(
      { id: 1, text, voice: "en-us", speed: 1 },
      (pcm) => heard(durationMs(pcm.length)),
      signal,
    );

  await t.step("phrases do not mix: each is whole before the next begins", async () => {
    const order: string[] = [];
    await Promise.all([
      speak(SENTENCE.repeat(4), () => order.push("Anna")),
      speak("Yes, please.", () => order.push("Boris")),
      speak("No, thanks.", () => order.push("Clara")),
    ]);
    const changes = order.filter((name, i) => name !== order[i - 1]);
    assert.deepEqual(changes, ["Anna", "Boris", "Clara"]);
  });

  await t.step(
    "a caller who interrupts ends a long phrase early, and the next one is spoken",
    async () => {
      const whole = await lengthOf(SENTENCE.repeat(4));
      const interrupt = new AbortController();
      let heardMs = 0;
      const phrase = speak(SENTENCE.repeat(4), (ms) => {
        heardMs += ms;
        interrupt.abort();
      }, interrupt.signal);
      const next = lengthOf("Yes, please.");
      await phrase;
      assert.ok(heardMs < whole * 0.7, `${heardMs} of ${whole} ms`);
      assert.ok(await next > 300);
    },
  );

  await t.step("a phrase that is cancelled while it waits is never begun", async () => {
    const cancelled = new AbortController();
    const before = speak("Yes, please.", () => {});
    const waiting = speak("No, thanks.", () => assert.fail("it was spoken"), cancelled.signal);
    cancelled.abort();
    await Promise.all([before, waiting]);
  });

  await t.step("a voice that does not exist fails its own phrase only", async () => {
    const request = { id: 1, text: "Hello.", voice: "martian", speed: 1 };
    const failing = assert.rejects(voice.speak(request, () => {}, NEVER), /martian/);
    assert.ok(await lengthOf("Hello.") > 200);
    await failing;
  });

  async function lengthOf(text: string): Promise<number> {
    let sum = 0;
    await speak(text, (ms) => sum += ms);
    return sum;
  }
});
