// What is known of a call's cost before the service has seen one, and how much of each resource may
// be used.

import type { Settings } from "../../../config/settings.ts";
import { wantedModels } from "../../../speech/engine/wanted_models.ts";

/**
 * Core-milliseconds that a call uses a second on a machine like the one of docs/performance.md: its
 * transport, its voice detection and its streams to speech services, if it has any.
 */
const BARE_CALL_MS = 16;
/** The same for recognition and for the voice where they are local. */
const LOCAL_RECOGNITION_MS = 19;
const LOCAL_VOICE_MS = 7;
/** Milliseconds a second for which a call keeps a local recogniser busy: its caller speaks a third of the time. */
const RECOGNISER_MS = 16;

/**
 * What the PBX uses for a call beside us: it lives on the same machine, and what it uses cannot be
 * measured from here (0.15 and 0.26 of a core at 10 and 25 calls of Asterisk 22.10.1, alaw).
 */
const PBX_CALL_MS = 14;

/** Beyond this share of the processor timers and frames are late. */
const MOST_CPU = 0.85;
/**
 * Beyond this share of their time, whoever needs a recogniser waits too long: of one server's queue,
 * p95 of the wait is about three times its mean, which is at this share the time of one to two decodes.
 */
const MOST_RECOGNITION = 0.67;

/** What calls may use and what one is known to use. Milliseconds a second. */
export interface KnownCosts {
  readonly cpu: { readonly callMs: number; readonly besideMs: number; readonly mostMs: number };
  /** Undefined where no local recogniser serves calls. */
  readonly recognition: { readonly callMs: number; readonly mostMs: number } | undefined;
}

/**
 * By the settings' speech services, the first of each task, and by the cores that this process may
 * use (`navigator.hardwareConcurrency` respects its affinity and its container's limit).
 */
export function knownCosts(
  settings: Pick<Settings, "ASR_PROVIDER" | "ASTERISK_LANG" | "LOCAL_TTS_VOICE" | "TTS_PROVIDER">,
  cores: number,
): KnownCosts {
  const { recognizers } = wantedModels(settings, cores);
  const recognizes = recognizers > 0 && settings.ASR_PROVIDER[0] === "local";
  const speaks = settings.TTS_PROVIDER[0] === "local";
  const callMs = BARE_CALL_MS + (recognizes ? LOCAL_RECOGNITION_MS : 0) +
    (speaks ? LOCAL_VOICE_MS : 0);
  return {
    cpu: { callMs, besideMs: PBX_CALL_MS, mostMs: MOST_CPU * cores * 1000 },
    recognition: recognizes
      ? { callMs: RECOGNISER_MS, mostMs: MOST_RECOGNITION * recognizers * 1000 }
      : undefined,
  };
}
