// The agent's own share of the time from the caller's final words to the first phrase, without the time
// of the (scripted) provider; and the gain of starting early.
// `deno task bench agent`

import type { Agent, AgentRequest } from "../../agent/agent.ts";
import { createAgent, warmAgent } from "../../agent/mod.ts";
import { EarlyStart } from "../../actors/call/conversation/early_start.ts";
import { PromptsFile } from "../../config/prompts.ts";
import { settingsWith } from "../../config/read_settings.ts";
import { type OpenAiServer, startOpenAiServer } from "../servers/openai/openai_server.ts";

const TURNS = 40;
const FIRST_TOKEN_MS = 300;
const TOKENS_PER_SECOND = 40;
/** How long before the end of a turn its text is stable: the shortest silence that ends a turn. */
const HEAD_START_MS = 400;
const ANSWER =
  "Гарантия двадцать четыре месяца. | Захваты в неё не входят. | Что ещё подсказать? |";

/** All in milliseconds. */
export interface AgentFigures {
  /** The agent's own time from the final transcript to the first phrase. */
  readonly overheadP50: number;
  readonly overheadP95: number;
  /** Turns, of `turns`, whose first phrase came before the model's stream had ended. */
  readonly spokenBeforeEnd: number;
  readonly turns: number;
  /** From the final transcript to the first phrase, without and with early start. */
  readonly plainP50: number;
  readonly earlyP50: number;
  readonly wonP50: number;
}

/** Measures on a scripted server: 300 ms to the first token, 40 tokens a second. */
export async function agentBench(): Promise<AgentFigures> {
  await using server = startOpenAiServer({
    answer: () => ({
      text: ANSWER,
      firstTokenMs: FIRST_TOKEN_MS,
      tokensPerSecond: TOKENS_PER_SECOND,
    }),
  });
  const settings = settingsWith({ AGENT_PROVIDER: "openai", OPENAI_BASE_URL: server.url });
  await warmAgent(settings);
  const agent = await createAgent(settings, await (await PromptsFile.open(settings)).current());
  await firstPhrase(agent, request(), server);

  const plain: Measured[] = [];
  for (let i = 0; i < TURNS; i++) plain.push(await firstPhrase(agent, request(), server));
  const early: number[] = [];
  for (let i = 0; i < TURNS / 4; i++) early.push(await firstPhraseEarly(agent, server));
  const overheads = plain.map(({ overhead }) => overhead);
  const plainP50 = percentile(plain.map(({ latency }) => latency), 50);
  const earlyP50 = percentile(early, 50);
  return {
    overheadP50: percentile(overheads, 50),
    overheadP95: percentile(overheads, 95),
    spokenBeforeEnd: plain.filter(({ beforeEnd }) => beforeEnd).length,
    turns: TURNS,
    plainP50,
    earlyP50,
    wonP50: plainP50 - earlyP50,
  };
}

interface Measured {
  readonly latency: number;
  readonly overhead: number;
  readonly beforeEnd: boolean;
}

async function firstPhrase(
  agent: Pick<Agent, "respond">,
  asked: AgentRequest,
  server: OpenAiServer,
): Promise<Measured> {
  const start = performance.now();
  let phraseAt = 0;
  for await (const event of agent.respond(asked)) {
    if (event.kind === "phrase" && phraseAt === 0) phraseAt = performance.now();
  }
  const { receivedAt, sent } = server.lastStream;
  const providers = sent.find(({ text }) => text.includes("|"))!.at - receivedAt;
  const latency = phraseAt - start;
  return { latency, overhead: latency - providers, beforeEnd: phraseAt < sent.at(-1)!.at };
}

async function firstPhraseEarly(agent: Agent, server: OpenAiServer): Promise<number> {
  const early = new EarlyStart(agent, "ru", true);
  const asked = request();
  early.begin(asked.text, asked.history);
  await new Promise((resume) => setTimeout(resume, HEAD_START_MS));
  const { latency } = await firstPhrase(
    { respond: (taken) => early.take(taken).events },
    asked,
    server,
  );
  return latency;
}

function request(): AgentRequest {
  return { text: "Какой у вас срок гарантии?", history: [], signal: new AbortController().signal };
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * percent / 100) - 1)]!;
}

if (import.meta.main) {
  const figures = await agentBench();
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  print(
    `own overhead to the first phrase: p50 ${ms(figures.overheadP50)}, p95 ` +
      `${ms(figures.overheadP95)}; spoken before the stream's end: ${figures.spokenBeforeEnd} of ` +
      `${figures.turns}; first phrase ${ms(figures.plainP50)}, with early start ` +
      `${ms(figures.earlyP50)} (${ms(figures.wonP50)} won, p50)`,
  );
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
