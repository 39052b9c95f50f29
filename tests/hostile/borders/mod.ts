// Every border, in the order in which a run crosses them.

import type { Border } from "../border.ts";
import { ariAnswers } from "./ari_answers.ts";
import { ariEvents } from "./ari_events.ts";
import { consoleRequests } from "./console_requests.ts";
import { knowledge, prompts, settings } from "./files.ts";
import { audiosocketFrames, rtpFrames, websocketFrames } from "./media_frames.ts";
import { modelAnswers } from "./model_answers.ts";
import { journalFiles } from "./journal_files.ts";
import { grpcSpeech, restSpeech } from "./speech_answers.ts";

/** All borders. */
export const BORDERS: readonly Border[] = [
  ariEvents,
  ariAnswers,
  consoleRequests,
  websocketFrames,
  audiosocketFrames,
  rtpFrames,
  modelAnswers,
  restSpeech,
  grpcSpeech,
  prompts,
  knowledge,
  settings,
  journalFiles,
];
