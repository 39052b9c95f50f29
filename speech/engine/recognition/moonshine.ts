// Moonshine tiny: English speech to text, one segment at a time. The decoding loop is that of
// moonshine-js (src/model.ts): greedy, with key/value caches.

import llamaTokenizer from "llama-tokenizer-js";
import * as ort from "onnxruntime-node";
import { durationMs, toFloat32 } from "../../../media/frame.ts";
import { RepetitionGuard } from "./repetition.ts";

const START_TOKEN = 1;
const END_TOKEN = 2;
const LAYERS = 6;
const HEADS = 8;
const HEAD_WIDTH = 36;
/** Fluent speech stays below this; more is the model talking to itself (moonshine-js limits to 6). */
const TOKENS_PER_SECOND = 6.5;
/** However short it is, a "yes" needs these. */
const FEWEST_TOKENS = 6;
/** Far less likely tokens than the best, all 32,768 of them, change its logarithm by less than 0.004. */
const NEGLIGIBLE = -16;
/** The encoder's convolutions need about 60 ms, and shorter audio holds no word. */
const SHORTEST_MS = 100;

const CACHES = Array.from({ length: LAYERS }, (_, layer) => layer).flatMap((layer) =>
  ["decoder", "encoder"].flatMap((side) =>
    ["key", "value"].map((part) => `${layer}.${side}.${part}`)
  )
);
/** Only these caches change after the first step; the others are not requested, which saves copying them. */
const GROWING = CACHES.filter((name) => name.includes("decoder"));
const LATER_OUTPUTS = ["logits", ...GROWING.map((name) => `present.${name}`)];

/** The text of one segment. */
export interface Recognition {
  readonly text: string;
  /** Mean log-probability of the tokens: near 0 is sure, below -1 is a guess. */
  readonly confidence: number;
}

/** The loaded model. */
export class MoonshineModel implements AsyncDisposable {
  readonly #encoder: ort.InferenceSession;
  readonly #decoder: ort.InferenceSession;

  private constructor(encoder: ort.InferenceSession, decoder: ort.InferenceSession) {
    this.#encoder = encoder;
    this.#decoder = decoder;
  }

  /** Loads the model. `threads`: how many cores one inference may use. */
  static async load(
    files: { readonly asrEncoder: string; readonly asrDecoder: string },
    threads = 1,
  ): Promise<MoonshineModel> {
    const options = {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      // The decoder's weights are 8 bit, and are made floats again at each step: 3 of 6 ms a token.
      // Made once instead, at the load, they take 70 MB more.
      extra: { session: { disable_quant_qdq: "1" } },
    };
    return new MoonshineModel(
      await ort.InferenceSession.create(files.asrEncoder, options),
      await ort.InferenceSession.create(files.asrDecoder, options),
    );
  }

  /**
   * Recognises one segment of 16 kHz speech, a few seconds long. Between two steps of the model,
   * this thread does its other work and checks `signal`.
   *
   * @throws the signal's reason when aborted.
   */
  async recognize(pcm: Int16Array, signal: AbortSignal): Promise<Recognition> {
    if (durationMs(pcm.length) < SHORTEST_MS) return { text: "", confidence: 0 };
    const { last_hidden_state: hidden } = await this.#encoder.run({
      input_values: new ort.Tensor("float32", toFloat32(pcm), [1, pcm.length]),
    });
    const mostTokens = Math.ceil(durationMs(pcm.length) / 1000 * TOKENS_PER_SECOND) + FEWEST_TOKENS;
    const caches = new Map(CACHES.map((name) => [name, emptyCache()]));
    const guard = new RepetitionGuard();
    let token = START_TOKEN;
    let logProbability = 0;
    for (let step = 0; step < mostTokens; step++) {
      signal.throwIfAborted();
      const output = await this.#decoder.run(
        decoderInput(token, step, hidden!, caches),
        ...(step > 0 ? [LATER_OUTPUTS] : []) as [],
      );
      const best = likeliest(output.logits!.data as Float32Array);
      logProbability += best.logProbability;
      token = best.token;
      if (token === END_TOKEN || !guard.accept(token)) break;
      for (const name of step === 0 ? CACHES : GROWING) {
        caches.set(name, output[`present.${name}`]!);
      }
    }
    const { tokens } = guard;
    return {
      // The tokenizer drops the first token, where it expects a start marker.
      text: llamaTokenizer.decode([START_TOKEN, ...tokens]).trim(),
      confidence: logProbability / (tokens.length + 1),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#encoder.release();
    await this.#decoder.release();
  }
}

function decoderInput(
  token: number,
  step: number,
  hidden: ort.Tensor,
  caches: ReadonlyMap<string, ort.Tensor>,
): Record<string, ort.Tensor> {
  const input: Record<string, ort.Tensor> = {
    input_ids: new ort.Tensor("int64", BigInt64Array.of(BigInt(token)), [1, 1]),
    encoder_hidden_states: hidden,
    use_cache_branch: new ort.Tensor("bool", [step > 0], [1]),
  };
  for (const [name, tensor] of caches) input[`past_key_values.${name}`] = tensor;
  return input;
}

function emptyCache(): ort.Tensor {
  return new ort.Tensor("float32", new Float32Array(0), [0, HEADS, 1, HEAD_WIDTH]);
}

function likeliest(logits: Float32Array): { token: number; logProbability: number } {
  let token = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[token]!) token = i;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    const below = logits[i]! - logits[token]!;
    if (below > NEGLIGIBLE) sum += Math.exp(below);
  }
  return { token, logProbability: -Math.log(sum) };
}
