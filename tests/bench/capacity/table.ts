// How the figures are printed: the table of calls, then what a level used by thread.

import type { Level, Times } from "./measure.ts";

const COLUMNS = [
  ["calls at once", 13],
  ["answered", 9],
  ["voice to voice p50 / p95", 24],
  ["barge-in p50 / p95", 18],
  ["frame gap p99", 13],
  ["service cores", 13],
  ["PBX", 5],
  ["callers", 7],
  ["memory MB", 9],
  ["warnings", 8],
] as const;

/** The table's first two lines. */
export function head(): string {
  const names = COLUMNS.map(([name, width]) => name.padStart(width));
  const rule = COLUMNS.map(([, width]) => "-".repeat(width));
  return `| ${names.join(" | ")} |\n| ${rule.join(" | ")} |`;
}

/** One level as a line of the table. */
export function tableRow({ heard, used, complaints }: Level): string {
  const cells = [
    String(heard.calls),
    String(heard.whole),
    `${pair(heard.voiceToVoice)} ms`,
    `${pair(heard.bargeIn)} ms`,
    `${shown(heard.frameGap.p99)} ms`,
    used ? used.service.toFixed(2) : "–",
    used ? used.pbx.toFixed(2) : "–",
    used ? used.callers.toFixed(2) : "–",
    used ? used.memoryMb.toFixed(0) : "–",
    String(complaints.length),
  ];
  return `| ${cells.map((cell, i) => cell.padStart(COLUMNS[i]![1])).join(" | ")} |`;
}

/** What stands below the table for one level. */
export function details({ heard, used, seen, complaints }: Level): string[] {
  const { greeting, voiceToVoice, frameGap, ends } = heard;
  const lines = [
    `${heard.calls} calls: speech ${percent(heard.speechShare)} of the time; ` +
    `${heard.questions} questions on the full level, ${heard.unanswered} unanswered, ` +
    `the slowest after ${shown(voiceToVoice.max)} ms; ` +
    `greeted after ${pair(greeting)} ms; ${frameGap.n} gaps, the largest ${
      shown(frameGap.max)
    } ms; over 40 ms: ` +
    `${heard.nothingToSend} where the PBX had nothing to send, ${heard.lateFrames} where it sent late; ` +
    `${heard.lostFrames} packets lost; callers late by ${shown(heard.callersLateMs)} ms at most`,
    ...Object.entries(ends).map(([reason, count]) => `  ${count} ended early: ${reason}`),
  ];
  const stages = Object.entries(seen.stages).map(([stage, { p50, p95 }]) =>
    `${stage} ${shown(p50)} / ${shown(p95)}`
  );
  lines.push(
    `  the service understood ${seen.understood} of ${seen.turns} turns, ${seen.restarts} restarts; ` +
      `stages p50 / p95: ${stages.join(", ")} ms`,
  );
  if (used) {
    const threads = used.threads.filter(({ cores }) => cores >= 0.005).map((thread) =>
      `${thread.name}${thread.threads > 1 ? ` ×${thread.threads}` : ""} ${
        thread.cores.toFixed(2)
      }` +
      (thread.threads > 1 ? ` (one ${thread.most.toFixed(2)})` : "")
    );
    lines.push(
      `  service, cores by thread: ${threads.join(", ")}`,
      `  ${used.speech === undefined ? "" : `speech services ${used.speech.toFixed(2)} cores; `}` +
        `machine idle ${percent(used.idle)}; ` +
        `service's own memory ${used.ownMemoryMb.toFixed(0)} MB`,
      ...Object.entries(used.waiting).filter(([, value]) => value > 0.001).map(([name, value]) =>
        `  ${name} ${Number(value.toFixed(4))}`
      ),
    );
  }
  return [...lines, ...grouped(complaints).map((line) => `  log: ${line}`)];
}

/** Equal complaints once, with their number: times and facts differ. */
export function grouped(complaints: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const line of complaints) {
    const text = line.replace(/^\S+ /, "").replace(/ \w+=.*$/, "").replace(/\d+/g, "N");
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].toSorted(([, a], [, b]) => b - a).map(([text, count]) => `${count} × ${text}`);
}

function pair({ p50, p95 }: Times): string {
  return `${shown(p50)} / ${shown(p95)}`;
}

function shown(ms: number): string {
  return Number.isNaN(ms) ? "–" : ms.toFixed(0);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
