// The voice dies in the middle of an answer, in a call: what the caller's own recording has of it.

import { heardText } from "../../actors/call_record.ts";
import { startSimulator } from "../../testing/mod.ts";
import { failOver } from "../scenarios/failover_call.ts";
import { line } from "./print.ts";

/** Prints, for a request a phrase and for a stream an answer, what was heard and the gap. */
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
