// A stand-in for OpenAI's audio endpoints: transcription of a WAV file and streamed speech as raw
// PCM at 24 kHz. The shapes are those of the `openai` package's types and of OpenAI's API
// reference ("Create transcription", "Create speech"; pcm is 24 kHz, 16-bit, little-endian).

import { pause } from "../../../runtime/waiting.ts";
import { type Pcm, pcmToBytes } from "../../../media/frame.ts";
import { resample } from "../../../media/codec/resample.ts";
import { readWav, toMono } from "../../../testing/wav.ts";
import { type Fault, Faults, HTTP_STATUS } from "../faults.ts";
import { faultyBody } from "../http_fault.ts";
import { fromTones, toTones } from "../speech/tone_speech.ts";

const SPEECH_HZ = 24_000;
/** OpenAI refuses shorter audio. */
const SHORTEST_MS = 100;

/** A transcription request: its form fields and the audio of the file. */
export interface TranscriptionRequest {
  readonly form: Readonly<Record<string, string>>;
  readonly samples: number;
  readonly sampleRateHz: number;
  readonly heard: string;
}

/** The server. */
export class OpenAiSpeechServer implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly keys = new Set(["sk-test"]);
  readonly transcriptions: TranscriptionRequest[] = [];
  /** Bodies of speech requests. */
  readonly speeches: Record<string, unknown>[] = [];
  readonly sttFaults = new Faults();
  readonly ttsFaults = new Faults();
  voice: (text: string) => Pcm = toTones;
  ear: (pcm: Pcm) => string = fromTones;
  /** The pause between two pieces of speech. */
  paceMs = 0;
  /** How long a transcription takes. */
  transcribeMs = 0;

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#answer(request),
    );
  }

  /** The value for OPENAI_BASE_URL. */
  get baseUrl(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/v1`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const key = request.headers.get("authorization")?.replace(/^Bearer /, "") ?? "";
    const { pathname } = new URL(request.url);
    if (pathname === "/v1/audio/transcriptions") {
      return await this.#transcribe(request, key);
    }
    if (pathname === "/v1/audio/speech") return await this.#speak(await request.json(), key);
    return problem(404, "no such endpoint");
  }

  async #transcribe(request: Request, key: string): Promise<Response> {
    const form = await request.formData();
    const fault = this.sttFaults.take();
    const refused = this.#refusal(fault, key);
    if (refused) return refused;
    const file = form.get("file");
    if (!(file instanceof File)) return problem(400, "file is required");
    const wav = readWav(new Uint8Array(await file.arrayBuffer()));
    const audio = toMono(wav);
    if (audio.length * 1000 / wav.sampleRateHz < SHORTEST_MS) {
      return problem(400, "Audio file is too short. Minimum audio length is 0.1 seconds.");
    }
    const heard = this.ear(audio);
    const fields = [...form].filter(([, value]) => typeof value === "string") as [string, string][];
    this.transcriptions.push({
      form: Object.fromEntries(fields),
      samples: audio.length,
      sampleRateHz: wav.sampleRateHz,
      heard,
    });
    if (fault?.kind === "stall" || fault?.kind === "cut") await aborted(request.signal);
    const waitMs = fault?.kind === "slow" ? fault.ms : this.transcribeMs;
    if (waitMs > 0) await pause(waitMs);
    return Response.json({ text: fault?.kind === "empty" ? "" : heard });
  }

  async #speak(body: Record<string, unknown>, key: string): Promise<Response> {
    this.speeches.push(body);
    const fault = this.ttsFaults.take();
    const refused = this.#refusal(fault, key);
    if (refused) return refused;
    const text = String(body.input ?? "");
    if (text === "" || text.length > 4096) return problem(400, "input: 1 to 4096 characters");
    if (body.response_format !== "pcm") return problem(400, "this test server speaks pcm only");
    const words = fault?.kind === "empty" ? [] : text.match(/\s*\S+/g) ?? [];
    const pieces = await Promise.all(
      words.map(async (word) => pcmToBytes(await resample(this.voice(word), 16_000, SPEECH_HZ))),
    );
    return new Response(faultyBody(pieces, fault, this.paceMs));
  }

  #refusal(fault: Fault | undefined, key: string): Response | undefined {
    if (!this.keys.has(key)) return problem(401, `Incorrect API key provided: ${key}`);
    if (fault?.kind !== "refuse") return undefined;
    return problem(HTTP_STATUS[fault.code], fault.details ?? "refused");
  }
}

function problem(status: number, message: string): Response {
  return Response.json({ error: { message, type: "invalid_request_error" } }, { status });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}
