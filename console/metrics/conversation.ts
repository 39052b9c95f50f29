// The metrics of what a caller notices: how soon the bot answers, how soon it falls silent, and
// where it had to do without something.

import type { Stage } from "../../actors/call_record.ts";
import type { ServiceMetrics } from "../../actors/service/metrics.ts";
import type { Instruments } from "./instruments.ts";
import { observe } from "./values.ts";

/** Fine around what a caller notices: answers within 600 to 900 ms, silence 250 ms after a barge-in. */
const ANSWER_SECONDS = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9, 1.2, 1.5, 2, 3, 5, 10, 20];
const BARGE_IN_SECONDS = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.6, 1, 2];

/** Whose turn it is, and how long that takes. */
export function turnMetrics(
  make: Instruments,
): Pick<
  ServiceMetrics,
  "turnTimed" | "bargeInConfirmed" | "bargeInResumed" | "fillerSpoken" | "turnBegunAnew"
> {
  const stageLatency = make.histogram(
    "stage_latency_seconds",
    "From the caller's last speech frame to each stage of the answer",
    ANSWER_SECONDS,
    ["stage"],
  );
  const voiceToVoice = make.histogram(
    "voice_to_voice_seconds",
    "From the caller's last speech frame to the first audio of the answer sent to the PBX",
    ANSWER_SECONDS,
  );
  const bargeIn = make.histogram(
    "barge_in_seconds",
    "From the onset of a barge-in to silence at the caller",
    BARGE_IN_SECONDS,
  );
  const bargeIns = make.counter(
    "barge_ins",
    "Speech onsets over the bot, by whether they proved to be speech or playout resumed",
    ["outcome"],
  );
  const fillers = make.counter("fillers", "Fillers spoken while an answer was being made");
  const begunAnew = make.counter(
    "turns_begun_anew",
    "Turns given up because the caller talked over every answer",
  );
  return {
    turnTimed(stages) {
      for (const [stage, ms] of Object.entries(stages) as [Stage, number][]) {
        observe(stageLatency, { stage }, ms);
        if (stage === "audio_queued") observe(voiceToVoice, {}, ms);
      }
    },
    bargeInConfirmed(onsetToSilenceMs) {
      bargeIns.inc({ outcome: "confirmed" });
      observe(bargeIn, {}, onsetToSilenceMs);
    },
    bargeInResumed: () => bargeIns.inc({ outcome: "resumed" }),
    fillerSpoken: () => fillers.inc(),
    turnBegunAnew: () => begunAnew.inc(),
  };
}

/** What failed without ending a call. */
export function failureMetrics(
  make: Instruments,
): Pick<
  ServiceMetrics,
  | "vadDegraded"
  | "vadRestored"
  | "unserved"
  | "journalFailed"
  | "journalSkipped"
  | "diskMeasured"
  | "recordingFailed"
  | "retentionDeleted"
  | "retentionFailed"
> {
  const vadDegraded = make.counter(
    "vad_degraded",
    "Times a call fell back to energy-based voice detection",
  );
  const vadRestored = make.counter(
    "vad_restored",
    "Times a call's voice detection went back to the engine's",
  );
  const unserved = make.counter(
    "unserved",
    "Times no provider of recognition (asr), voice (tts) or assistant (agent) did its work",
    ["kind"],
  );
  const journalErrors = make.counter("journal_errors", "Events not written to the journal");
  const journalSkipped = make.counter(
    "journal_rows_skipped",
    "Rows left out of the journal: damaged ones in reading, those beyond a call's share in writing",
  );
  const diskFree = make.gauge("disk_free_bytes", "Free space on the disk of DATA_DIR");
  const recordingPaused = make.gauge(
    "recording_paused",
    "1 while calls are not recorded because the disk has less than MIN_FREE_DISK_MB free",
  );
  const recordingErrors = make.counter("recording_errors", "Recordings not written");
  const retentionDeleted = make.counter(
    "retention_deleted",
    "Calls and recordings deleted because they had been kept long enough",
    ["what"],
  );
  const retentionErrors = make.counter(
    "retention_errors",
    "Times that old calls and recordings could not be deleted",
  );
  return {
    vadDegraded: () => vadDegraded.inc(),
    vadRestored: () => vadRestored.inc(),
    unserved: (kind) => unserved.inc({ kind }),
    journalFailed: () => journalErrors.inc(),
    journalSkipped: (rows) => journalSkipped.inc(rows),
    diskMeasured: (freeMb, low) => {
      diskFree.set(freeMb * 1024 * 1024);
      recordingPaused.set(low ? 1 : 0);
    },
    recordingFailed: () => recordingErrors.inc(),
    retentionDeleted: (what, count) => retentionDeleted.inc({ what }, count),
    retentionFailed: () => retentionErrors.inc(),
  };
}
