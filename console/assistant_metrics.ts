// The metrics of the assistant: what it had to make do with, what it cost, and what was won by
// starting answers early.

import { Counter, Histogram, type Registry } from "prom-client";
import type { ServiceMetrics } from "../actors/service/metrics.ts";
import { observe, word } from "./metric_values.ts";

/** Bucket bounds in seconds: from a pause in speech to the turn's end. */
const HEAD_START_SECONDS = [0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1, 1.5, 2, 3];

/** Registers the metrics and returns what keeps them. */
export function assistantMetrics(
  registry: Registry,
): Pick<ServiceMetrics, "assistantDegraded" | "modelUsed" | "startedEarly"> {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter({ name: `voxbot_${name}_total`, help, labelNames, registers });
  const degraded = counter(
    "assistant_degraded",
    "Parts of the assistant (model, retrieval, rewrite, tool) that failed, and why",
    ["part", "reason"],
  );
  const tokens = counter("model_tokens", "Tokens of requests to a model", ["model", "direction"]);
  const early = counter(
    "early_starts",
    "Answers begun before the turn was over: used (hit), or thrown away (miss)",
    ["outcome"],
  );
  const wasted = counter(
    "early_start_wasted_characters",
    "Characters of answers that were begun early and thrown away",
  );
  const won = new Histogram({
    name: "voxbot_early_start_won_seconds",
    help: "Head start of the answers that were begun early and used",
    buckets: HEAD_START_SECONDS,
    registers,
  });
  return {
    assistantDegraded: ({ part, reason }) => degraded.inc({ part, reason: word(reason) }),
    modelUsed({ model, promptTokens, completionTokens }) {
      // The name is the configuration's, not the server's: it is of a closed set.
      tokens.inc({ model, direction: "prompt" }, promptTokens);
      tokens.inc({ model, direction: "completion" }, completionTokens);
    },
    startedEarly({ begun, hit, wonMs, wastedCharacters }) {
      early.inc({ outcome: "hit" }, hit ? 1 : 0);
      early.inc({ outcome: "miss" }, begun - (hit ? 1 : 0));
      wasted.inc(wastedCharacters);
      if (hit) observe(won, {}, wonMs);
    },
  };
}
