import assert from "node:assert/strict";
import { pause } from "../../runtime/waiting.ts";
import { VAD_WINDOW_SAMPLES } from "../vad.ts";
import { EngineSession } from "./engine_session.ts";
import type { AudioMessage, SynthesizeRequest } from "./protocol.ts";
import { RecognitionQueue } from "./recognition/recognition_queue.ts";
import { VadBatcher } from "./vad/vad_batcher.ts";
import { WindowRing } from "./vad/window_ring.ts";

const WINDOW = new Int16Array(VAD_WINDOW_SAMPLES);

/** A voice that speaks until it is cancelled, and a recogniser that works until it is aborted. */
class Models {
  readonly spoken: number[] = [];
  readonly cancelled: number[] = [];
  readonly vad = new VadBatcher(
    { probabilities: (inputs) => Promise.resolve(new Float32Array(inputs.length).fill(0.5)) },
    () => {},
  );
  #abortRecognition = Promise.withResolvers<undefined>();
  readonly recognition = new RecognitionQueue([{
    transcribe: () => this.#abortRecognition.promise,
    abort: () => this.#abortRecognition.resolve(undefined),
  }]);

  voice() {
    return Promise.resolve({
      speak: (
        { id }: SynthesizeRequest,
        emit: (pcm: Int16Array<ArrayBuffer>) => void,
        signal: AbortSignal,
      ) => {
        this.spoken.push(id);
        emit(Int16Array.of(id));
        const ended = Promise.withResolvers<void>();
        signal.addEventListener("abort", () => {
          this.cancelled.push(id);
          ended.resolve();
        });
        return ended.promise;
      },
    });
  }
}

Deno.test("a call gets the audio of its phrases, and can cancel one without the other", async () => {
  const models = new Models();
  const sent: AudioMessage[] = [];
  using session = new EngineSession(models, (audio) => sent.push(audio));
  const first = session.synthesize(phrase(1));
  void session.synthesize(phrase(2));
  await pause(0);
  session.cancelSynthesis(1);
  await first;
  assert.deepEqual(sent, [1, 2].map((id) => ({ phraseId: id, pcm: Int16Array.of(id) })));
  assert.deepEqual(models.cancelled, [1]);
});

Deno.test("nothing is spoken, transcribed or detected for a call that has left", async () => {
  const models = new Models();
  const session = new EngineSession(models, () => {});
  const phrases = [session.synthesize(phrase(1)), session.synthesize(phrase(2))];
  const text = session.transcribe(new Int16Array(1600), "pause");
  const ring = WindowRing.create();
  session.openVad(ring.memory);
  ring.write(WINDOW, true);
  await Promise.resolve();
  await Promise.resolve();
  session[Symbol.dispose]();
  await Promise.all(phrases);
  assert.deepEqual([models.spoken, models.cancelled], [[1, 2], [1, 2]]);
  assert.equal((await text).kind, "superseded");
  await models.vad.beat();
  assert.equal(ring.answered, 0);
});

Deno.test("a call's broken requests never reach the models that its neighbours share", async () => {
  const models = new Models();
  using session = new EngineSession(models, () => {});
  using neighbour = new EngineSession(models, () => {});
  const fake = "x".repeat(VAD_WINDOW_SAMPLES) as unknown as typeof WINDOW;
  for (const memory of [fake, undefined, {}, new SharedArrayBuffer(8), new ArrayBuffer(66_000)]) {
    assert.throws(() => session.openVad(memory), RangeError);
  }
  const ring = WindowRing.create();
  neighbour.openVad(ring.memory);
  assert.throws(() => neighbour.openVad(WindowRing.create().memory), RangeError);
  ring.write(WINDOW, true);
  await models.vad.beat();
  assert.deepEqual([ring.answered, ring.probability(1)], [1, 0.5]);
  for (const pcm of [fake, {} as typeof WINDOW, new Int16Array(10_000_000)]) {
    await assert.rejects(session.transcribe(pcm, "pause"), RangeError);
  }
  const odd = [{ id: "1" }, { text: 7 }, { text: "x".repeat(30_000) }, { speed: NaN }, {
    voice: {},
  }];
  for (const change of odd) {
    const request = { ...phrase(1), ...change } as SynthesizeRequest;
    await assert.rejects(session.synthesize(request), RangeError);
  }
  assert.deepEqual(models.spoken, []);
});

Deno.test("one call cannot fill the queue of the local voice without end", async () => {
  const models = new Models();
  using session = new EngineSession(models, () => {});
  const taken = Array.from({ length: 200 }, (_, id) => session.synthesize(phrase(id)));
  await assert.rejects(session.synthesize(phrase(200)), /more than 200 phrases/);
  session[Symbol.dispose]();
  await Promise.all(taken);
});

function phrase(id: number): SynthesizeRequest {
  return { id, text: "Hello.", voice: "en-us", speed: 1 };
}
