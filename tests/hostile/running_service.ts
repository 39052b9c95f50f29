// Sends inputs to the running service, and sees what they do to it: whether it lives, what it logs, what
// it counts. What is found in many inputs at once is narrowed down to as few as do it by themselves.

import type { Border, Finding, Target } from "./border.ts";
import { leakingLines, type ServiceLog } from "./log_tail.ts";
import { Mutator } from "./mutator.ts";

/** Inputs sent before the service is looked at again. */
const AT_ONCE = 1000;
/** How long the service may take to answer after them. */
const ANSWER_MS = 15_000;
/** Findings of a border that are kept. */
const ENOUGH = 3;

/** Log lines of what a handler did not expect. */
const SURPRISE = / ERROR .*handler failed|Uncaught|unhandled/;
/** What must not rise while a hostile input is handled. */
const UNEXPECTED = "unexpected_errors_total";

/** What the sender works on; `revive` starts the service again when it has ended. */
export interface Patient extends Target {
  readonly log: ServiceLog;
  /** Resolves when the service takes calls again. */
  revive(): Promise<void>;
}

/** Sends the inputs from `from` to `to` (not included); gives back what they did that none may. */
export async function sendToService(
  border: Border,
  patient: Patient,
  seed: number,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (let at = from; at < to && findings.length < ENOUGH; at += AT_ONCE) {
    const end = Math.min(to, at + AT_ONCE);
    for (const what of await harmOf(border, patient, seed, at, end)) {
      const least = await narrowed(border, patient, seed, at, end, what.kind);
      findings.push({ border: border.name, ...least, what: what.text });
    }
  }
  return findings;
}

/** One kind of harm, and how it showed. */
interface Harm {
  readonly kind: "died" | "leak" | "unexpected" | "gate";
  readonly text: string;
}

async function harmOf(
  border: Border,
  patient: Patient,
  seed: number,
  from: number,
  to: number,
): Promise<Harm[]> {
  const { service, log } = patient;
  const before = await service.metric(UNEXPECTED);
  const harm: Harm[] = [];
  try {
    await using gate = await border.open(patient);
    for (let index = from; index < to; index++) {
      await gate.take(new Mutator(seed, border.name, index), index);
    }
    await gate.settled?.();
  } catch (error) {
    harm.push({
      kind: "gate",
      text: `cannot be sent: ${error instanceof Error ? error.stack : error}`,
    });
  }
  const lives = await answers(service.url);
  const news = await log.news();
  if (!lives) {
    const last = news.split("\n").filter((line) => line !== "").slice(-12).join("\n           ");
    harm.push({
      kind: "died",
      text: `the service ended or does not answer; its last words:\n           ${last}`,
    });
    await patient.revive();
    return harm;
  }
  const leaking = leakingLines(news);
  if (leaking.length > 0) harm.push({ kind: "leak", text: leaking[0]! });
  const surprised = news.split("\n").find((line) => SURPRISE.test(line));
  if (surprised !== undefined) harm.push({ kind: "unexpected", text: surprised });
  const unexpected = await service.metric(UNEXPECTED) - before;
  if (unexpected > 0) {
    harm.push({ kind: "unexpected", text: `voxbot_${UNEXPECTED} rose by ${unexpected}` });
  }
  return harm;
}

/** The smallest half of a half … of the inputs that still does this kind of harm. */
async function narrowed(
  border: Border,
  patient: Patient,
  seed: number,
  from: number,
  to: number,
  kind: Harm["kind"],
): Promise<{ from: number; to: number }> {
  const harms = async (start: number, end: number) =>
    (await harmOf(border, patient, seed, start, end)).some((harm) => harm.kind === kind);
  let [start, end] = [from, to];
  while (end - start > 1) {
    const middle = Math.floor((start + end) / 2);
    if (await harms(start, middle)) end = middle;
    else if (await harms(middle, end)) start = middle;
    else break; // It takes inputs of both halves.
  }
  return { from: start, to: end };
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/live`, { signal: AbortSignal.timeout(ANSWER_MS) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false; // Refused, cut or too late: it does not answer.
  }
}
