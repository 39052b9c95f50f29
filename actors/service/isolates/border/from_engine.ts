// The border between the speech engine and the service.

import type { EngineStats, Summary } from "../../../../speech/engine/stats.ts";
import type { FromEngine } from "../../../messages.ts";
import { type Check, figure, kinds, maybe, shape } from "./shapes.ts";

type OfPart<Part extends "vad" | "recognition" | "voice"> = NonNullable<EngineStats[Part]>;

const summary = shape<Summary>({ count: figure, p50: figure, p95: figure, max: figure });

/** Whether it is a message of the speech engine, every field of the right type. Never throws. */
export const isFromEngine: Check = kinds<FromEngine, "kind">("kind", {
  stats: {
    stats: shape<EngineStats>({
      calls: figure,
      vad: shape<OfPart<"vad">>({ waiting: figure, batchSize: summary, latency: summary }),
      recognition: shape<OfPart<"recognition">>({
        recognizers: figure,
        busyMs: figure,
        waiting: figure,
        longestWaitMs: figure,
        urgentLatency: summary,
        time: summary,
        outcomes: shape<OfPart<"recognition">["outcomes"]>({
          text: figure,
          superseded: figure,
          busy: figure,
        }),
      }),
      voice: maybe(
        shape<OfPart<"voice">>({ waiting: figure, firstAudio: summary, phrase: summary }),
      ),
    }),
  },
});
