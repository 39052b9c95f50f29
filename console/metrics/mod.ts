// Every Prometheus metric of the service. Labels are words of closed sets; none is ever made from a
// call, a channel or a caller.

import { Registry } from "prom-client";
import type { ServiceMetrics } from "../../actors/service/metrics.ts";
import { assistantMetrics } from "./assistant.ts";
import { ariMetrics, callMetrics, isolateMetrics } from "./calls.ts";
import { capacityMetrics } from "./capacity.ts";
import { failureMetrics, turnMetrics } from "./conversation.ts";
import { engineMetrics } from "./engine.ts";
import { Instruments } from "./instruments.ts";
import { lineMetrics } from "./line.ts";
import { processMetrics } from "./process.ts";
import { speechMetrics } from "./speech.ts";

/** The service's metrics and the page that shows them. */
export interface PrometheusMetrics extends ServiceMetrics {
  /** MIME type of `exposition`. */
  readonly contentType: string;
  /** All metrics in Prometheus' text format. */
  exposition(): Promise<string>;
}

/** Metrics in a registry of their own, with the process's own unless `ofProcess` is false. */
export function createMetrics({ ofProcess = true } = {}): PrometheusMetrics {
  const registry = new Registry();
  if (ofProcess) processMetrics(registry);
  const make = new Instruments(registry);
  make.unexpectedErrors();
  return {
    contentType: registry.contentType,
    exposition: () => registry.metrics(),
    ...callMetrics(make),
    ...isolateMetrics(make),
    ...turnMetrics(make),
    ...failureMetrics(make),
    ...ariMetrics(make),
    ...assistantMetrics(make),
    capacityMeasured: capacityMetrics(make),
    engineMeasured: engineMetrics(make),
    lineCounted: lineMetrics(make),
    speechHappened: speechMetrics(make),
  };
}
