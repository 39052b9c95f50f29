// The same calls as the service saw them, read from its HTTP interface once they are over: whether the
// callers were understood, and where an answer's time went.

import { percentile } from "../../../testing/mod.ts";
import { wordErrorRate } from "../../../testing/word_error_rate.ts";
import type { ServiceProcess } from "../../chaos/service_process.ts";
import { QUESTIONS } from "./callers/questions.ts";

/** Share of wrong words up to which a question counts as understood. */
const UNDERSTOOD = 0.35;

/** What the service knows of a level's calls. */
export interface ServiceView {
  /** Turns in which a caller said something. */
  readonly turns: number;
  /** Those recognised as one of the questions. */
  readonly understood: number;
  readonly restarts: number;
  /** Milliseconds from the caller's last speech frame to each stage of the answer. */
  readonly stages: Readonly<Record<string, { readonly p50: number; readonly p95: number }>>;
}

/** Reads the newest calls. */
export async function serviceView(service: ServiceProcess, calls: number): Promise<ServiceView> {
  const list = await fetch(`${service.url}/api/calls?limit=${calls}`);
  const { calls: newest } = await list.json() as { calls: { id: string; restarts: number }[] };
  const heard: string[] = [];
  const stages = new Map<string, number[]>();
  for (const { id } of newest) {
    for (const turn of (await service.call(id)).turns) {
      if (turn.raw === undefined && turn.caller === undefined) continue;
      heard.push(turn.raw ?? turn.caller!);
      for (const [stage, ms] of Object.entries(turn.stages)) {
        stages.set(stage, [...stages.get(stage) ?? [], ms]);
      }
    }
  }
  return {
    turns: heard.length,
    understood: heard.filter(isUnderstood).length,
    restarts: newest.reduce((sum, { restarts }) => sum + restarts, 0),
    stages: Object.fromEntries(
      [...stages].map(([stage, ms]) => [
        stage,
        { p50: percentile(ms, 0.5), p95: percentile(ms, 0.95) },
      ]),
    ),
  };
}

/** Whether a recognised text is one of the questions, give or take a few words. */
export function isUnderstood(text: string): boolean {
  return [...QUESTIONS.en, ...QUESTIONS.ru].some((question) =>
    wordErrorRate(question, text) <= UNDERSTOOD
  );
}
