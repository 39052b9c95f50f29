// Silero VAD v6: the model itself, run on any number of independent streams at once.

import * as ort from "onnxruntime-node";
import { SAMPLE_RATE_HZ } from "../../../media/frame.ts";
import { VAD_WINDOW_SAMPLES } from "../../vad.ts";

/** Samples of the window before that the model is given again (silero-vad's OnnxWrapper, 16 kHz). */
const CONTEXT_SAMPLES = 64;
const INPUT_SAMPLES = CONTEXT_SAMPLES + VAD_WINDOW_SAMPLES;
/** The model's memory of a stream: two layers of 128. */
const STATE_LAYERS = 2;
const STATE_WIDTH = 128;

/** What the model remembers of one stream; a new one has heard nothing. */
export class SileroMemory {
  /** Layer after layer, `STATE_WIDTH` each. */
  readonly state: Float32Array = new Float32Array(STATE_LAYERS * STATE_WIDTH);
  readonly context: Float32Array = new Float32Array(CONTEXT_SAMPLES);

  /** Forgets the stream. */
  clear(): void {
    this.state.fill(0);
    this.context.fill(0);
  }
}

/** One window of one stream. */
export interface SileroInput {
  readonly memory: SileroMemory;
  readonly window: Int16Array;
}

/** The loaded model. */
export class SileroModel implements AsyncDisposable {
  readonly #session: ort.InferenceSession;
  readonly #rate = new ort.Tensor("int64", BigInt64Array.of(BigInt(SAMPLE_RATE_HZ)), []);

  private constructor(session: ort.InferenceSession) {
    this.#session = session;
  }

  /** Loads the model from its file. */
  static async load(path: string): Promise<SileroModel> {
    const session = await ort.InferenceSession.create(path, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
    });
    return new SileroModel(session);
  }

  /**
   * Speech probabilities, in the order of `inputs`, each from a stream of its own; the memories go
   * one window further. A window must be `VAD_WINDOW_SAMPLES` long.
   */
  async probabilities(inputs: readonly SileroInput[]): Promise<Float32Array> {
    const count = inputs.length;
    const audio = new Float32Array(count * INPUT_SAMPLES);
    const state = new Float32Array(STATE_LAYERS * count * STATE_WIDTH);
    inputs.forEach(({ memory, window }, n) => {
      const row = audio.subarray(n * INPUT_SAMPLES, (n + 1) * INPUT_SAMPLES);
      row.set(memory.context);
      for (let i = 0; i < VAD_WINDOW_SAMPLES; i++) row[CONTEXT_SAMPLES + i] = window[i]! / 32768;
      for (let layer = 0; layer < STATE_LAYERS; layer++) {
        state.set(
          memory.state.subarray(layer * STATE_WIDTH, (layer + 1) * STATE_WIDTH),
          (layer * count + n) * STATE_WIDTH,
        );
      }
    });
    const { output, stateN } = await this.#session.run({
      input: new ort.Tensor("float32", audio, [count, INPUT_SAMPLES]),
      state: new ort.Tensor("float32", state, [STATE_LAYERS, count, STATE_WIDTH]),
      sr: this.#rate,
    });
    const next = stateN!.data as Float32Array;
    inputs.forEach(({ memory }, n) => {
      memory.context.set(
        audio.subarray((n + 1) * INPUT_SAMPLES - CONTEXT_SAMPLES, (n + 1) * INPUT_SAMPLES),
      );
      for (let layer = 0; layer < STATE_LAYERS; layer++) {
        const from = (layer * count + n) * STATE_WIDTH;
        memory.state.set(next.subarray(from, from + STATE_WIDTH), layer * STATE_WIDTH);
      }
    });
    return output!.data as Float32Array;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.release();
  }
}
