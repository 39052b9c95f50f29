// The model and the voice behind a storm's calls. The model is slow, so that calls are hit while they
// think, and requests key presses, so that something that must be done exactly once is under way while
// isolates die.

import {
  type OpenAiServer,
  type SeenRequest,
  startOpenAiServer,
} from "../servers/openai/openai_server.ts";
import { pcmToBytes, SAMPLE_RATE_HZ } from "../../media/frame.ts";
import { resample } from "../../media/codec/resample.ts";
import { spoken } from "../../testing/voice.ts";
import { hostileAnswer } from "../hostile/borders/answers.ts";
import { Mutator } from "../hostile/mutator.ts";
import type { Random } from "./random.ts";

/** How long it thinks, in milliseconds. */
const FIRST_TOKEN_MS = [300, 3500] as const;
const TOKENS_PER_SECOND = 60;

const ANSWERS: readonly (readonly [RegExp, string])[] = [
  [/price/i, "The price depends on the load and the options. | A manager sends you an offer. |"],
  [/install/i, "Our engineer installs the machine at your place. | It takes a day or two. |"],
  [/calibrat/i, "Calibration is done once a year. | The certificate is included. |"],
  [/warranty/i, "The warranty is two years. | Wear parts are not covered by it. |"],
];

/** The first model of each answer; the other one is asked when it fails. */
export const PRIMARY = "primary";

/** Costs that no good server names. */
const ODD_USAGE: readonly unknown[] = [
  { prompt_tokens: -1, completion_tokens: -1 },
  { prompt_tokens: "12", completion_tokens: {} },
  { prompt_tokens: 1e308, completion_tokens: null },
  "free",
  [],
];
/** Streams that no good server sends. None asks for a tool: what is asked for must be done once. */
const ODD_STREAMS: readonly string[] = [
  "",
  "\0\x01\x02",
  "<html>502</html>",
  "data: [1,2\n\n",
  "data: null\n\ndata: 7\n\ndata: []\n\ndata: [DONE]\n\n",
  'data: {"choices":null}\n\ndata: [DONE]\n\n',
  'data: {"choices":[{"index":0,"delta":{"content":-1}}]}\n\ndata: [DONE]\n\n',
  'data: {"choices":[{"index":0,"delta":{"tool_calls":"no"}}]}\n\ndata: [DONE]\n\n',
  `data: ${"[".repeat(5000)}\n\n`,
  `data: {"error":{"message":"${"x".repeat(100_000)}"}}\n\n`,
];

/** What OpenAI's voice speaks in. */
const SPEECH_HZ = 24_000;

/** A model and a voice that can turn hostile. */
export interface StormModel extends OpenAiServer {
  /** From now on, names odd costs and streams nonsense, the latter as the first of two models only. */
  hostile: boolean;
  /** From now on, the voice answers with damaged audio, odd statuses and text. */
  hostileVoice: boolean;
}

/** Starts the model; `url` is the value for OPENAI_BASE_URL. */
export function startModel(random: Random): StormModel {
  let [hostile, hostileVoice] = [false, false];
  let voiced = 0;
  const server = startOpenAiServer({
    answer: (request) => {
      if (hostile && request.stream && request.model === PRIMARY) {
        return { raw: random.pick(ODD_STREAMS) };
      }
      const usage = hostile ? random.pick(ODD_USAGE) : undefined;
      const asked = request.messages.findLast(({ role }) => role === "user")?.content ?? "";
      // A question to be rewritten, not answered.
      if (!request.stream) return { text: asked, usage };
      const known = ANSWERS.find(([question]) => question.test(asked));
      const digits = keysFor(request);
      return {
        text: known?.[1] ?? "I have noted your question. | A colleague will call you back. |",
        firstTokenMs: random.between(...FIRST_TOKEN_MS),
        tokensPerSecond: TOKENS_PER_SECOND,
        usage,
        ...digits && { tools: [{ name: "send_dtmf", arguments: { digits } }] },
      };
    },
    async other(request) {
      const { input } = await request.json() as { input: string };
      const bytes = pcmToBytes(await resample(await spoken(input), SAMPLE_RATE_HZ, SPEECH_HZ));
      if (!hostileVoice) return new Response(bytes);
      return hostileAnswer(new Mutator(0, "storm's voice", voiced++), { bytes }).response;
    },
  });
  return Object.defineProperties(server as StormModel, {
    hostile: { get: () => hostile, set: (now: boolean) => hostile = now },
    hostileVoice: { get: () => hostileVoice, set: (now: boolean) => hostileVoice = now },
  });
}

/**
 * The keys that every second answer requests. They depend only on the question and are unique within a
 * call, so keys that were pressed twice prove a tool call that ran twice.
 */
function keysFor({ messages }: SeenRequest): string | undefined {
  const questions = messages.filter(({ role }) => role === "user").length;
  return questions % 2 === 0 ? undefined : `${questions}#`;
}
