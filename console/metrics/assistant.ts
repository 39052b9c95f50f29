// The metrics of the assistant: what it had to do without, what it cost, and what starting answers
// early has won.

import type { ServiceMetrics } from "../../actors/service/metrics.ts";
import type { Instruments } from "./instruments.ts";
import { observe, word } from "./values.ts";

/** The settings name two models; what more there are names of is not worth a time series. */
const MOST_MODELS = 20;

/** Bucket bounds in seconds: from a pause in speech to the turn's end. */
const HEAD_START_SECONDS = [0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1, 1.5, 2, 3];

/** Registers the metrics and returns what keeps them. */
export function assistantMetrics(
  make: Instruments,
): Pick<ServiceMetrics, "assistantDegraded" | "modelUsed" | "tokensOfDay" | "startedEarly"> {
  const degraded = make.counter(
    "assistant_degraded",
    "Parts of the assistant (model, retrieval, rewrite, tool) that failed, and why",
    ["part", "reason"],
  );
  const tokens = make.counter("model_tokens", "Tokens of requests to a model", [
    "model",
    "direction",
  ]);
  const today = make.gauge("model_tokens_today", "Tokens that models have used today");
  const daily = make.gauge("model_tokens_daily_limit", "LLM_DAILY_TOKENS; 0 is no bound");
  const early = make.counter(
    "early_starts",
    "Answers begun before the turn was over: used (hit), or thrown away (miss)",
    ["outcome"],
  );
  const wasted = make.counter(
    "early_start_wasted_characters",
    "Characters of answers that were begun early and thrown away",
  );
  const won = make.histogram(
    "early_start_won_seconds",
    "Head start of the answers that were begun early and used",
    HEAD_START_SECONDS,
  );
  const models = new Set<string>();
  return {
    assistantDegraded: ({ part, reason }) => degraded.inc({ part, reason: word(reason) }),
    modelUsed({ model, promptTokens, completionTokens }) {
      // The name comes from the settings, not from the server; an isolate passes it on.
      if (models.size < MOST_MODELS) models.add(model);
      const name = models.has(model) ? model : "other";
      tokens.inc({ model: name, direction: "prompt" }, promptTokens);
      tokens.inc({ model: name, direction: "completion" }, completionTokens);
    },
    tokensOfDay(tokens, limit) {
      today.set(tokens);
      daily.set(limit);
    },
    startedEarly({ begun, hit, wonMs, wastedCharacters }) {
      early.inc({ outcome: "hit" }, hit ? 1 : 0);
      early.inc({ outcome: "miss" }, begun - (hit ? 1 : 0));
      wasted.inc(wastedCharacters);
      if (hit) observe(won, {}, wonMs);
    },
  };
}
