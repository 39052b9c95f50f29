// `demo`: a whole call, with no account and no PBX. A synthetic caller asks the sample knowledge
// base three questions and talks over the bot once.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type CallRecord, heardText, type StageTimings } from "../actors/call_record.ts";
import { startSimulator, type TestCaller, untilSpokenTo } from "../testing/mod.ts";
import { configureLogging } from "../config/logging.ts";
import { settingsWith } from "../config/read_settings.ts";
import type { Pcm } from "../media/frame.ts";
import { spoken } from "../testing/voice.ts";
import { pause } from "../runtime/waiting.ts";
import { print } from "./print.ts";
import { type Service, startService } from "./service.ts";

/** What the caller says. The last question is said over the answer to the one before. */
const QUESTIONS = [
  "What is the price of the machine?",
  "Tell me about the installation.",
  "Tell me about the calibration.",
] as const;
/** How far into the second answer the caller begins to talk over it. */
const TALK_OVER_AFTER_MS = 1200;
/** Where the demo's recording and journal go. */
const DEMO_DIR = "data/demo";

/** What `--json` prints, on one line. */
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

/** Runs the demo; 0 when every question was answered and the bot let itself be interrupted. */
export async function demo({ json }: { readonly json: boolean }): Promise<number> {
  configureLogging("warning");
  const say = json ? () => {} : print;
  say("Starting: a PBX simulator, the service, a caller with a voice of its own.");
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
  say(`Service is up, its console at ${service.consoleUrl} for as long as the call lasts.\n`);
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

/** Prints what happens while it happens; ends with the conversation. */
async function follow(
  { switchboard }: Service,
  since: number,
  talk: Promise<void>,
  say: (line: string) => void,
): Promise<CallRecord> {
  let over = false;
  talk.then(() => over = true, () => over = true);
  const told = new Set<string>();
  const once = (key: string, line: () => string) => {
    if (!told.has(key)) say(line());
    told.add(key);
  };
  for (;;) {
    const record = switchboard.list().find(({ startedAt }) => startedAt >= since);
    for (const turn of record?.turns ?? []) {
      if (turn.caller !== undefined) {
        once(
          `q${turn.turn}`,
          () =>
            `  caller said:  ${QUESTIONS[turn.turn - 1] ?? "?"}\n  recognised:   ${turn.caller}`,
        );
      }
      turn.phrases.forEach(({ text }, i) =>
        once(`a${turn.turn}.${i}`, () => `  bot:          ${text}`)
      );
      if (turn.bargeInMs !== undefined) {
        once(
          `b${turn.turn}`,
          () =>
            `  (talked over: the bot was silent ${
              Math.round(turn.bargeInMs!)
            } ms after the caller's first sound)`,
        );
      }
      if (turn.stages.audio_heard !== undefined) {
        once(`t${turn.turn}`, () => `  ${stagesLine(turn.stages)}\n`);
      }
    }
    if (over && record) return record;
    await pause(50);
  }
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
  say(ok ? "All went well." : "Something went wrong: see above.");
}

async function untilEnded(record: CallRecord): Promise<void> {
  const deadline = performance.now() + 5000;
  while (record.endedAt === undefined && performance.now() < deadline) {
    await pause(20);
  }
}
