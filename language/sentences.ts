// Splits a chunk's text into sentences that can be spoken: markdown removed, each table row a sentence.

import { plainPhrase } from "./phrase_cutter.ts";
import { sentenceEndsAt } from "./sentence_end.ts";

/** A sentence that can be spoken. */
export interface Sentence {
  readonly text: string;
  /** For a table row: its name, and its cells with their column titles. */
  readonly row?: { readonly name: string; readonly facts: readonly string[] };
}

/** The sentences of markdown `text`, in order. */
export function sentencesOf(text: string): Sentence[] {
  return blocksOf(text).flatMap((block) =>
    block.kind === "table"
      ? rowSentences(block.lines)
      : proseSentences(block.lines.join(" ")).map((sentence) => ({ text: sentence }))
  );
}

/** "TM-5: maximum load 5 kN, weight 120 kg." */
export function rowSentence(name: string, facts: readonly string[]): string {
  return `${name}: ${facts.join(", ")}.`;
}

interface Block {
  readonly kind: "prose" | "table";
  readonly lines: string[];
}

/** Paragraphs, list items and tables; the lines of a paragraph are joined. */
function blocksOf(text: string): Block[] {
  const blocks: Block[] = [];
  let open: Block | undefined;
  for (const line of text.split("\n")) {
    const trimmed = line.trim();
    const kind = trimmed.startsWith("|") ? "table" : "prose";
    const begins = !open || open.kind !== kind || /^(?:#{1,6}|[-*•+]|\d{1,2}[.)])\s/.test(trimmed);
    if (trimmed === "") open = undefined;
    else if (begins) blocks.push(open = { kind, lines: [trimmed] });
    else open!.lines.push(trimmed);
  }
  return blocks;
}

function proseSentences(prose: string): string[] {
  const sentences: string[] = [];
  let start = 0;
  for (const { index } of prose.matchAll(/[.!?…]/g)) {
    if (index < start || sentenceEndsAt(prose, index, true) !== true) continue;
    const end = index + /^[.!?…)\]}»"'”’]+/.exec(prose.slice(index))![0].length;
    sentences.push(prose.slice(start, end));
    start = end;
  }
  sentences.push(prose.slice(start));
  return sentences.map(plainPhrase).filter((sentence) => sentence !== "");
}

function rowSentences(lines: readonly string[]): Sentence[] {
  const rows = lines.map(cellsOf).filter((cells) => !cells.every((cell) => /^:?-*:?$/.test(cell)));
  const [header, ...body] = rows;
  if (!header) return [];
  return body.flatMap((cells) => {
    const name = plainPhrase(cells[0] ?? "");
    const facts = cells.slice(1)
      .map((cell, i) => cell && plainPhrase(`${lowerFirst(header[i + 1] ?? "")} ${cell}`))
      .filter((fact) => fact !== "");
    if (!name || facts.length === 0) return [];
    return [{ text: rowSentence(name, facts), row: { name, facts } }];
  });
}

function cellsOf(line: string): string[] {
  return line.replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
}

function lowerFirst(text: string): string {
  return /^\p{Lu}\p{Ll}/u.test(text) ? text[0]!.toLowerCase() + text.slice(1) : text;
}
