// The model files inside npm packages, found from any working directory.

import { fileURLToPath } from "node:url";
import { OperatorError } from "../../config/operator_error.ts";

/** Paths of the model files that the engine loads. */
export interface ModelFiles {
  /** Silero VAD v6 (MIT). */
  readonly vad: string;
  /** Moonshine tiny, English, quantised (MIT). */
  readonly asrEncoder: string;
  readonly asrDecoder: string;
}

/** A model file is missing; the message names it and the cure. */
export class ModelFileError extends OperatorError {
  override readonly name = "ModelFileError";
}

/**
 * Finds all model files.
 *
 * @throws {ModelFileError} when files are missing.
 */
export function findModels(): ModelFiles {
  const vad = packageFile("@ricky0123/vad-web/dist/silero_vad_v6.onnx");
  // The package exports only its main file, dist/moonshine.min.js; the models lie beside it.
  const moonshine = packageFile("@moonshine-ai/moonshine-js");
  const neighbour = (name: string) =>
    fileURLToPath(new URL(`./model/tiny/quantized/${name}`, moonshine));
  const files: ModelFiles = {
    vad: fileURLToPath(vad),
    asrEncoder: neighbour("encoder_model.onnx"),
    asrDecoder: neighbour("decoder_model_merged.onnx"),
  };
  const missing = Object.values(files).filter((path) => !isFile(path));
  if (missing.length > 0) {
    throw new ModelFileError(
      `model files are missing: ${missing.join(", ")}; run "deno install" in the project's folder`,
    );
  }
  return files;
}

function packageFile(specifier: string): string {
  try {
    return import.meta.resolve(specifier);
  } catch (cause) {
    throw new ModelFileError(
      `npm package of ${specifier} is not installed; run "deno install" in the project's folder`,
      { cause },
    );
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
