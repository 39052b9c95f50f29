// The real models, on audio of the local voice.

import assert from "node:assert/strict";
import { MessageChannel } from "node:worker_threads";
import type { Language } from "../../config/language.ts";
import { concatPcm, durationMs, levelDbfs, type Pcm, samplesIn } from "../../media/frame.ts";
import { heardBy } from "../local/engine_rig.ts";
import { connectEngine, type LocalSpeech } from "../local/mod.ts";
import { VAD_WINDOW_SAMPLES } from "../vad.ts";
import { wordErrorRate } from "../../testing/word_error_rate.ts";
import { SpeechEngine } from "./engine.ts";
import { findModels } from "./models.ts";
import { SileroMemory, SileroModel } from "./vad/silero.ts";

const NEVER = new AbortController().signal;
/** The small recogniser understands people better than espeak-ng; this sentence it understands. */
const QUESTION = "My internet connection is not working.";

Deno.test("a caller is heard, understood and answered by the local models", async (t) => {
  const loaded: string[] = [];
  await using engine = await SpeechEngine.create({
    voices: ["en-us", "ru"],
    onProgress: ({ part }) => loaded.push(part),
  });
  using local = attach(engine);
  const question = await speak(local, QUESTION, "en");

  await t.step("the operator sees each part load", () => {
    assert.deepEqual(loaded.sort(), ["recognition", "vad", "voice"]);
  });

  await t.step("both languages are spoken, at a loudness a caller can hear", async () => {
    const russian = await speak(local, "Здравствуйте! Чем я могу вам помочь?", "ru");
    for (const pcm of [question, russian]) {
      assert.ok(durationMs(pcm.length) > 1500);
      assert.ok(Math.abs(levelDbfs(pcm) - -20) < 3, `${levelDbfs(pcm)} dBFS`);
      assert.ok(levelDbfs(pcm.subarray(0, samplesIn(50))) > -50, "begins immediately");
    }
  });

  await t.step("the caller's words are recognised", async () => {
    const utterance = local.asr.open({ language: "en", signal: NEVER, onPartial() {} });
    for (let at = 0; at < question.length; at += 320) utterance.push(question.slice(at, at + 320));
    const { text } = await utterance.finish();
    assert.ok(wordErrorRate(QUESTION, text) <= 0.25, text);
  });

  await t.step("no words are heard in silence or noise", async () => {
    for (const amplitude of [0, 60, 1000]) {
      const utterance = local.asr.open({ language: "en", signal: NEVER, onPartial() {} });
      utterance.push(noise(2000, amplitude));
      assert.equal((await utterance.finish()).text, "", `noise of ${amplitude}`);
    }
  });

  await t.step("speech is distinguished from noise, for each call separately", async () => {
    using other = attach(engine);
    const [speech, hiss] = await Promise.all([
      share(local, concatPcm([new Int16Array(4096), question])),
      share(other, noise(2000, 1000)),
    ]);
    assert.ok(speech > 0.7, `speech in ${speech} of the windows of speech`);
    assert.equal(hiss, 0);
  });

  await t.step(
    "a phrase in a voice that does not exist fails with the names of some that do",
    async () => {
      using stranger = attach(engine, "martian");
      await assert.rejects(speak(stranger, "Hello.", "en"), /no voice "martian".*LOCAL_TTS_VOICE/s);
    },
  );

  await t.step("the operator sees how busy the engine was", () => {
    const stats = engine.stats();
    assert.ok(stats.vad.batchSize.count > 50);
    assert.ok(stats.recognition.outcomes.text >= 1);
    assert.ok(stats.voice!.firstAudio.count >= 2);
  });
});

Deno.test("calls share a batch without hearing each other", async () => {
  await using model = await SileroModel.load(findModels().vad);
  const streams = [noise(2000, 3000), noise(2000, 0), tone(2000)];
  const alone: number[][] = [];
  for (const stream of streams) {
    const memory = new SileroMemory();
    const answers: number[] = [];
    for (const window of windows(stream)) {
      answers.push((await model.probabilities([{ memory, window }]))[0]!);
    }
    alone.push(answers);
  }
  const memories = streams.map(() => new SileroMemory());
  for (let i = 0; i < alone[0]!.length; i++) {
    const batch = streams.map((stream, n) => ({
      memory: memories[n]!,
      window: windows(stream)[i]!,
    }));
    (await model.probabilities(batch)).forEach((probability, n) => {
      assert.ok(Math.abs(probability - alone[n]![i]!) < 1e-4, `stream ${n}, window ${i}`);
    });
  }
});

function attach(engine: SpeechEngine, voice = ""): LocalSpeech {
  const { port1, port2 } = new MessageChannel();
  engine.expose(port1);
  return connectEngine(port2, { voice, vadDeadlineMs: 60_000 });
}

async function speak(local: LocalSpeech, text: string, language: Language): Promise<Pcm> {
  const parts: Pcm[] = [];
  for await (const pcm of local.tts.synthesize(text, { language, signal: NEVER })) parts.push(pcm);
  return concatPcm(parts);
}

/** The share of windows that hold speech. */
async function share(local: LocalSpeech, pcm: Pcm): Promise<number> {
  const answers: number[] = [];
  for (const window of windows(pcm)) answers.push(await heardBy(local, window));
  return answers.filter((probability) => probability >= 0.5).length / answers.length;
}

function windows(pcm: Pcm): Pcm[] {
  const count = Math.floor(pcm.length / VAD_WINDOW_SAMPLES);
  return Array.from(
    { length: count },
    (_, i) => pcm.slice(i * VAD_WINDOW_SAMPLES, (i + 1) * VAD_WINDOW_SAMPLES),
  );
}

/** Noise, the same every time. */
function noise(ms: number, amplitude: number): Pcm {
  let seed = 1;
  return new Int16Array(samplesIn(ms)).map(() => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return (seed / 2 ** 30 - 1) * amplitude;
  });
}

function tone(ms: number): Pcm {
  return new Int16Array(samplesIn(ms)).map((_, i) => 8000 * Math.sin(i / 5));
}
