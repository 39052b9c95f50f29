// Journals as good services leave them: closed in order, and killed in the middle of their work.

import { Journal } from "../../../actors/service/journal/journal.ts";
import { noMetrics } from "../../../actors/service/metrics.ts";
import type { CallEvent } from "../../../actors/call_record.ts";

/** Files by name. */
export type SampleFiles = ReadonlyMap<string, Uint8Array>;

/** The channel of the call that was up when the service ended. */
export const LIVE_CHANNEL = "1795641870.17";

const ENDED = 60;
const EVENTS: readonly CallEvent[] = [
  { kind: "phase", phase: "listening" },
  { kind: "caller_turn", turn: 0, text: "What is the price?", raw: "what is the price" },
  { kind: "sources", turn: 0, kb: ["general"], headings: ["Price"] },
  { kind: "bot_phrase", turn: 0, phrase: 0, text: "The price depends on the load." },
  { kind: "phrase_heard", turn: 0, phrase: 0 },
  { kind: "answer_complete", turn: 0, phrases: 1 },
  { kind: "dtmf", digit: "7" },
];

/** The files of such journals. */
export async function journalSamples(): Promise<readonly SampleFiles[]> {
  const folder = await Deno.makeTempDir({ prefix: "voxbot-hostile-" });
  try {
    let killed: SampleFiles;
    {
      using journal = Journal.open(`${folder}/journal.sqlite`, noMetrics);
      fill(journal);
      journal.liveCalls(); // Writes what is still in memory.
      killed = await filesIn(folder);
    }
    return [killed, await filesIn(folder)];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function fill(journal: Journal): void {
  const startedAt = Date.now() - 3_600_000;
  for (let i = 0; i <= ENDED; i++) {
    const live = i === ENDED;
    const id = live ? "livecall" : `ended${i}`;
    // Some are older than what is kept.
    const at = live || i % 2 ? startedAt + i : startedAt - 30 * 86_400_000 + i;
    const channelId = live ? LIVE_CHANNEL : `1795641000.${i}`;
    journal.begin({ id, channelId, caller: "***21", startedAt: at }, "15550100");
    for (const event of EVENTS) journal.append(id, event, at + 1000);
    if (!live) journal.append(id, { kind: "ended", reason: "hangup" }, at + 2000);
  }
}

async function filesIn(folder: string): Promise<SampleFiles> {
  const files = new Map<string, Uint8Array>();
  for await (const { name } of Deno.readDir(folder)) {
    files.set(name, await Deno.readFile(`${folder}/${name}`));
  }
  return files;
}
