// The model behind a storm's calls. It is slow, so that calls are hit while they think, and requests key
// presses, so that something that must be done exactly once is under way while isolates die.

import {
  type OpenAiServer,
  type SeenRequest,
  startOpenAiServer,
} from "../servers/openai/openai_server.ts";
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

/** Starts the model; `url` is the value for OPENAI_BASE_URL. */
export function startModel(random: Random): OpenAiServer {
  return startOpenAiServer({
    answer: (request) => {
      const asked = request.messages.findLast(({ role }) => role === "user")?.content ?? "";
      // A question to be rewritten, not answered.
      if (!request.stream) return { text: asked };
      const known = ANSWERS.find(([question]) => question.test(asked));
      const digits = keysFor(request);
      return {
        text: known?.[1] ?? "I have noted your question. | A colleague will call you back. |",
        firstTokenMs: random.between(...FIRST_TOKEN_MS),
        tokensPerSecond: TOKENS_PER_SECOND,
        ...digits && { tools: [{ name: "send_dtmf", arguments: { digits } }] },
      };
    },
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
