// Words of a call's events that isolates send and the journal stores.

import type { Phase, Stage } from "../../../call_record.ts";
import { word } from "./shapes.ts";

/** A phase of a call. */
export const phase = word<Phase>({
  answering: true,
  greeting: true,
  listening: true,
  thinking: true,
  speaking: true,
  handover: true,
});

/** A moment of a turn. */
export const stage = word<Stage>({
  endpoint: true,
  asr_final: true,
  retrieval: true,
  model_first_token: true,
  first_phrase: true,
  tts_first_byte: true,
  audio_queued: true,
  audio_heard: true,
});
