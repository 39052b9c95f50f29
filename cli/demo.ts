// `demo`: a whole call with no account and no PBX. A synthetic caller asks three questions about the
// sample knowledge base and talks over the bot once.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import {
  type CallRecord,
  heardText,
  type StageTimings,
  type TurnRecord,
} from "../actors/call_record.ts";
import { startSimulator, type TestCaller, untilSpokenTo } from "../testing/mod.ts";
import { configureLogging } from "../config/logging.ts";
import { settingsWith } from "../config/read_settings.ts";
import type { Pcm } from "../media/frame.ts";
import { spoken } from "../testing/voice.ts";
import { pause } from "../runtime/waiting.ts";
import { print } from "./print.ts";
import { type Service, startService } from "./service.ts";

/** What the caller says: the third question over the answer to the second. */
const QUESTIONS = [
  "What is the price of the machine?",
  "Tell me about the installation.",
  "Tell me about the calibration.",
] as const;
/** How far into the second answer the caller starts to talk. */
const TALK_OVER_AFTER_MS = 1200;
/** Where the demo's recording and journal go. */
const DEMO_DIR = "data/demo";

/** What `--json` prints. */
export interface DemoResult {
  readonly ok: boolean;
  readonly turns: readonly {
    readonly said: string;
    readonly recognised: string;
    readonly answer: string;
    readonly voiceToVoiceMs: number | null;
    readonly stages: StageTimings;
  }[];
  readonly bargeIn: { readonly onsetToSilenceMs: number | null };
  readonly recording: string | null;
}

/** Runs the demo. Returns 0 when the bot answered every question and let itself be interrupted. */
export async function demo({ json }: { readonly json: boolean }): Promise<number> {
  configureLogging("warning");
  const say = json ? () => {} : print;
  say("Starting a simulated PBX, the service and a synthetic caller.");
  for (const file of ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm"]) {
    await rm(join(DEMO_DIR, file), { force: true });
  }
  // Rendered before the call: during a call nothing may block this thread.
  const questions = await Promise.all(QUESTIONS.map(spoken));
  await using simulator = await startSimulator({ line: { codec: "slin16" } });
  const settings = settingsWith({
    ...simulator.env,
    ASTERISK_LANG: "en",
    CONSOLE_PORT: 0,
    DATA_DIR: DEMO_DIR,
    LOG_LEVEL: "warning",
  });
  await using service = await startService(settings);
  await service.connected;
  say(`The service is up. Its console, until the call ends: ${service.consoleUrl}\n`);
  const startedAt = Date.now();
  const caller = await simulator.call({ callerNumber: "100" });
  const talk = converse(caller, questions);
  const record = await follow(service, startedAt, talk, say);
  await talk;
  await caller.hangUp();
  await untilEnded(record);
  const result = resultOf(record, service.switchboard.recordingPath(record.id));
  if (json) print(JSON.stringify(result));
  else summarise(result, say);
  return result.ok ? 0 : 1;
}

/** The caller's side of the conversation. */
async function converse(caller: TestCaller, [first, second, third]: readonly Pcm[]): Promise<void> {
  await caller.answered;
  await untilSpokenTo(caller.heard, 0);
  const { endedAt } = await caller.say(first!);
  await untilSpokenTo(caller.heard, endedAt);
  const { endedAt: asked } = await caller.say(second!);
  await untilSpokenTo(caller.heard, asked, { quietMs: -Infinity });
  await pause(TALK_OVER_AFTER_MS);
  const { endedAt: interrupted } = await caller.say(third!);
  await untilSpokenTo(caller.heard, interrupted + 200);
}

/** Prints the call as it happens. Resolves with its record when the conversation is over. */
async function follow(
  { switchboard }: Service,
  since: number,
  talk: Promise<void>,
  say: (line: string) => void,
): Promise<CallRecord> {
  let over = false;
  talk.then(() => over = true, () => over = true);
  const shown = new Set<string>();
  for (;;) {
    const record = switchboard.list().find(({ startedAt }) => startedAt >= since);
    for (const turn of record?.turns ?? []) {
      for (const [part, line] of linesOf(turn)) {
        const key = `${turn.turn} ${part}`;
        if (!shown.has(key)) say(line);
        shown.add(key);
      }
    }
    if (over && record) return record;
    await pause(50);
  }
}

/** What is known of a turn, a line for each part. */
function* linesOf(turn: TurnRecord): Generator<readonly [part: string, line: string]> {
  if (turn.caller !== undefined) {
    const said = QUESTIONS[turn.turn - 1] ?? "?";
    yield ["question", `  caller said:  ${said}\n  recognised:   ${turn.caller}`];
  }
  for (const [i, { text }] of turn.phrases.entries()) {
    yield [`phrase ${i}`, `  bot:          ${text}`];
  }
  if (turn.bargeInMs !== undefined) {
    const ms = Math.round(turn.bargeInMs);
    yield [
      "barge-in",
      `  (talked over: the bot fell silent ${ms} ms after the caller's first sound)`,
    ];
  }
  if (turn.stages.audio_heard !== undefined) yield ["stages", `  ${stagesLine(turn.stages)}\n`];
}

function stagesLine(stages: StageTimings): string {
  const parts = Object.entries(stages).map(([stage, ms]) => `${stage} ${Math.round(ms)}`);
  return `(ms after the caller's last sound: ${parts.join(", ")})`;
}

function resultOf(record: CallRecord, recording: string | undefined): DemoResult {
  const asked = record.turns.filter(({ caller }) => caller !== undefined);
  const turns = asked.map((turn, i) => ({
    said: QUESTIONS[i] ?? "",
    recognised: turn.caller!,
    answer: turn.phrases.map(({ text }) => text).join(" "),
    voiceToVoiceMs: turn.stages.audio_queued ?? null,
    stages: turn.stages,
  }));
  const cut = record.turns.find(({ bargeInMs }) => bargeInMs !== undefined);
  const answered = asked.length === QUESTIONS.length &&
    asked.every((turn) => heardText(turn) !== "");
  return {
    ok: answered && cut !== undefined && recording !== undefined,
    turns,
    bargeIn: { onsetToSilenceMs: cut?.bargeInMs ?? null },
    recording: recording ?? null,
  };
}

function summarise({ ok, turns, recording }: DemoResult, say: (line: string) => void): void {
  const waits = turns.map(({ voiceToVoiceMs }) =>
    voiceToVoiceMs === null ? "?" : Math.round(voiceToVoiceMs)
  );
  say(`The caller waited ${waits.join(", ")} ms for the answers.`);
  say(`Recording (caller left, bot right): ${recording ?? "none"}`);
  say(ok ? "All went well." : "Something went wrong; see above.");
}

async function untilEnded(record: CallRecord): Promise<void> {
  const deadline = performance.now() + 5000;
  while (record.endedAt === undefined && performance.now() < deadline) {
    await pause(20);
  }
}
