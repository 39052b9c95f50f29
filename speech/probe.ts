// Finds out whether each configured speech service works right now, with a tiny real request.

import type { Language } from "../config/language.ts";
import type { Settings } from "../config/settings.ts";
import { type Pcm, SAMPLE_RATE_HZ } from "../media/frame.ts";
import { within } from "../runtime/waiting.ts";
import type { AsrProvider } from "./asr.ts";
import { silenceFailure, withTimeouts } from "./service_timeouts.ts";
import { failureOf, type ServiceName } from "./failure.ts";
import { configuredServices } from "./configured_services.ts";
import type { TtsProvider } from "./tts.ts";

/** The result of one probe. */
export interface ProbeResult {
  /** For example "yandex recognition". */
  readonly service: string;
  readonly ok: boolean;
  /** Synthesis: to the first audio. Recognition: from our end of utterance to the text. */
  readonly latencyMs: number;
  /** What went wrong and what to do about it; empty when the service works. */
  readonly fix: string;
}

const PROBE_WORD = { ru: "да", en: "yes" } as const;

/** Tries every service that the settings name, except the local engine, one after another. */
export async function* probeSpeech(
  settings: Settings,
): AsyncGenerator<ProbeResult, void, undefined> {
  const language = settings.ASTERISK_LANG;
  const timeoutMs = settings.SPEECH_STALL_TIMEOUT_MS;
  // Without cache and failover, so that no service hides behind another.
  await using services = await configuredServices(settings, undefined, {});
  for (const { name, provider } of services.recognisers) {
    yield await probe(name, "recognition", () => recognise(name, provider, language, timeoutMs));
  }
  for (const { name, provider } of services.voices) {
    yield await probe(name, "synthesis", () => speak(name, provider, language, timeoutMs));
  }
}

async function probe(
  name: ServiceName,
  does: string,
  request: () => Promise<number>,
): Promise<ProbeResult> {
  const startedAt = performance.now();
  const service = `${name} ${does}`;
  try {
    return { service, ok: true, latencyMs: await request(), fix: "" };
  } catch (error) {
    const { message } = failureOf(error, name);
    return { service, ok: false, latencyMs: performance.now() - startedAt, fix: message };
  }
}

/** Sends half a second of a tone, which holds no word: any text is a good answer. */
async function recognise(
  name: ServiceName,
  asr: AsrProvider,
  language: Language,
  timeoutMs: number,
): Promise<number> {
  const abort = new AbortController();
  const failed = Promise.withResolvers<never>();
  try {
    const utterance = asr.open({
      language,
      signal: abort.signal,
      onPartial: () => {},
      onFailure: failed.reject,
    });
    utterance.push(tone());
    const askedAt = performance.now();
    const answer = Promise.race([utterance.finish(), failed.promise]);
    await within(
      answer,
      timeoutMs,
      () => silenceFailure(name, `${name} recognition`, timeoutMs, false),
    );
    return performance.now() - askedAt;
  } finally {
    abort.abort();
  }
}

async function speak(
  name: ServiceName,
  tts: TtsProvider,
  language: Language,
  timeoutMs: number,
): Promise<number> {
  const abort = new AbortController();
  const startedAt = performance.now();
  const audio = tts.synthesize(PROBE_WORD[language], { language, signal: abort.signal });
  const timeouts = { firstMs: timeoutMs, stallMs: timeoutMs };
  try {
    for await (const _ of withTimeouts(audio, timeouts, name)) {
      return performance.now() - startedAt;
    }
    throw silenceFailure(name, `${name} synthesis`, timeoutMs, false);
  } finally {
    abort.abort();
  }
}

function tone(): Pcm {
  const step = 2 * Math.PI * 440 / SAMPLE_RATE_HZ;
  return Int16Array.from({ length: SAMPLE_RATE_HZ / 2 }, (_, i) => 3000 * Math.sin(step * i));
}
