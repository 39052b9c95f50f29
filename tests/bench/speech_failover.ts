// The voice fails in the middle of an answer: what the caller's own recording contains.

import { heardText } from "../../actors/call_record.ts";
import { startSimulator } from "../../testing/mod.ts";
import { failOver } from "../scenarios/failover_call.ts";
import { line } from "./print.ts";

/** Prints what was heard and the gap, for one request per phrase and for one stream per answer. */
export async function benchFailover(): Promise<void> {
  for (const mode of ["utterance", "stream"] as const) {
    await using simulator = await startSimulator({ isolate: true });
    const { turn, said, heard, longestSilenceMs } = await failOver(simulator, mode);
    const once = said.join(" ") === heard.join(" ");
    await line(
      `voice dead in mid-answer, ${mode}: caller's recording has ${heard.length} of ` +
        `${said.length} words, ${once ? "each once" : "NOT each once"}   aim: each once`,
    );
    await line(`  longest silence in it ${longestSilenceMs.toFixed(0)} ms (between words: 60 ms)`);
    await line(`  the transcript says heard: ${heardText(turn)}`);
    if (!once) await line(`  said:  ${said.join(" ")}\n  heard: ${heard.join(" ")}`);
  }
}
