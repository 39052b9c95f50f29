// The Silero VAD v6 model, run on any number of independent streams in one batch.

import * as ort from "onnxruntime-node";
import { SAMPLE_RATE_HZ } from "../../../media/frame.ts";
import { VAD_WINDOW_SAMPLES } from "../../vad.ts";

/** Samples of the previous window that precede each window (silero-vad's OnnxWrapper, 16 kHz). */
const CONTEXT_SAMPLES = 64;
const INPUT_SAMPLES = CONTEXT_SAMPLES + VAD_WINDOW_SAMPLES;
/** The model's memory of a stream: two layers of 128. */
const STATE_LAYERS = 2;
const STATE_WIDTH = 128;

/** What the model remembers of one stream; at first, nothing. */
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
   * Speech probabilities in the order of `inputs`, each of a stream of its own. Advances each memory
   * by its window, which must be `VAD_WINDOW_SAMPLES` long.
   */
  async probabilities(inputs: readonly SileroInput[]): Promise<Float32Array> {
    const count = inputs.length;
    const audio = audioOf(inputs);
    const { output, stateN } = await this.#session.run({
      input: new ort.Tensor("float32", audio, [count, INPUT_SAMPLES]),
      state: new ort.Tensor("float32", stateOf(inputs), [STATE_LAYERS, count, STATE_WIDTH]),
      sr: this.#rate,
    });
    advance(inputs, audio, stateN!.data as Float32Array);
    return output!.data as Float32Array;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.release();
  }
}

/** A row for each input: its context, then its window. */
function audioOf(inputs: readonly SileroInput[]): Float32Array {
  const audio = new Float32Array(inputs.length * INPUT_SAMPLES);
  inputs.forEach(({ memory, window }, n) => {
    const row = audio.subarray(n * INPUT_SAMPLES, (n + 1) * INPUT_SAMPLES);
    row.set(memory.context);
    for (let i = 0; i < VAD_WINDOW_SAMPLES; i++) row[CONTEXT_SAMPLES + i] = window[i]! / 32768;
  });
  return audio;
}

/** The memories' states, layer by layer and within a layer input by input. */
function stateOf(inputs: readonly SileroInput[]): Float32Array {
  const state = new Float32Array(STATE_LAYERS * inputs.length * STATE_WIDTH);
  inputs.forEach(({ memory }, n) => {
    for (let layer = 0; layer < STATE_LAYERS; layer++) {
      state.set(
        memory.state.subarray(layer * STATE_WIDTH, (layer + 1) * STATE_WIDTH),
        (layer * inputs.length + n) * STATE_WIDTH,
      );
    }
  });
  return state;
}

/** Takes the contexts from the end of each row of `audio`, and the states from the model's answer. */
function advance(inputs: readonly SileroInput[], audio: Float32Array, next: Float32Array): void {
  inputs.forEach(({ memory }, n) => {
    const end = (n + 1) * INPUT_SAMPLES;
    memory.context.set(audio.subarray(end - CONTEXT_SAMPLES, end));
    for (let layer = 0; layer < STATE_LAYERS; layer++) {
      const from = (layer * inputs.length + n) * STATE_WIDTH;
      memory.state.set(next.subarray(from, from + STATE_WIDTH), layer * STATE_WIDTH);
    }
  });
}
