// The operator's knowledge bases: markdown files, split into the chunks that retrieval works with.

import { fileURLToPath } from "node:url";
import { OperatorError } from "../../config/operator_error.ts";
import type { Settings } from "../../config/settings.ts";
import type { KnowledgeBaseName } from "../../language/language.ts";

/** The unit of retrieval: found, embedded and shown to the model as a whole. */
export interface Chunk {
  /** Unique over both bases, stable while the order of the chunks is: "tech-3". */
  readonly id: string;
  readonly kb: KnowledgeBaseName;
  /** The heading above the text, without markdown; the text's first words where it has none. */
  readonly heading: string;
  /** The text, markdown as written, without the heading. */
  readonly text: string;
}

/** Separates chunks in the operator's files. */
const SEPARATOR = "<<->>";
/** The longest chunk, in characters; longer text is cut… */
export const CHUNK_CHARS = 4000;
/** …and this many characters of each piece's end are repeated at the start of the next. */
const OVERLAP_CHARS = 200;
/**
 * The largest file, in bytes. Each call's isolate holds an index of both: 2.6 MB of markdown took
 * 38 MB of its heap and half a second of its start, 12 MB took 91 MB of CALL_HEAP_MB's 128.
 */
const LARGEST_FILE = 4 * 1024 * 1024;
const HEADING = /^#{1,6}\s+(.+?)\s*#*\s*$/;

/** A knowledge base cannot be used. The message names the file and the setting. */
export class KnowledgeBaseError extends OperatorError {
  override readonly name = "KnowledgeBaseError";
}

/** The paths of both bases: the operator's, or those shipped for the language. */
export function knowledgeBasePaths(
  settings: Pick<Settings, "KNOWLEDGE_BASE_PATH" | "KNOWLEDGE_BASE2_PATH" | "ASTERISK_LANG">,
): Readonly<Record<KnowledgeBaseName, string>> {
  const suffix = settings.ASTERISK_LANG === "ru" ? "" : `.${settings.ASTERISK_LANG}`;
  const shipped = (name: KnowledgeBaseName) =>
    fileURLToPath(new URL(`../../config/kb/${name}${suffix}.md`, import.meta.url));
  return {
    general: settings.KNOWLEDGE_BASE_PATH || shipped("general"),
    tech: settings.KNOWLEDGE_BASE2_PATH || shipped("tech"),
  };
}

/**
 * The chunks of both bases, general first.
 *
 * @throws {KnowledgeBaseError} when a file is missing, unreadable, too large or without text.
 */
export async function loadKnowledge(
  settings: Pick<Settings, "KNOWLEDGE_BASE_PATH" | "KNOWLEDGE_BASE2_PATH" | "ASTERISK_LANG">,
): Promise<Chunk[]> {
  const paths = knowledgeBasePaths(settings);
  const [general, tech] = await Promise.all([
    loadBase(paths.general, "general", "KNOWLEDGE_BASE_PATH"),
    loadBase(paths.tech, "tech", "KNOWLEDGE_BASE2_PATH"),
  ]);
  return [...general, ...tech];
}

async function loadBase(path: string, kb: KnowledgeBaseName, setting: string): Promise<Chunk[]> {
  const unreadable = (cause: unknown) => {
    const detail = cause instanceof Error ? cause.message : String(cause);
    const message =
      `The ${kb} knowledge base ${path} cannot be read (${detail}); check ${setting}.`;
    return new KnowledgeBaseError(message, { cause });
  };
  const size = await Deno.stat(path).then((file) => file.size, (cause) => {
    throw unreadable(cause);
  });
  if (size > LARGEST_FILE) {
    throw new KnowledgeBaseError(
      `The ${kb} knowledge base ${path} has ${(size / 2 ** 20).toFixed(1)} MB; ${
        LARGEST_FILE / 2 ** 20
      } MB at most fit into a call's memory: shorten it, or correct ${setting}.`,
    );
  }
  const markdown = await Deno.readTextFile(path).catch((cause) => {
    throw unreadable(cause);
  });
  const chunks = splitKnowledgeBase(markdown, kb);
  if (chunks.length === 0) {
    throw new KnowledgeBaseError(
      `The ${kb} knowledge base ${path} holds no text; write some, or correct ${setting}.`,
    );
  }
  return chunks;
}

/** Splits a base at `<<->>`, or at its headings where it has no separators. */
export function splitKnowledgeBase(markdown: string, kb: KnowledgeBaseName): Chunk[] {
  const normal = markdown.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  const sections = normal.includes(SEPARATOR)
    ? normal.split(SEPARATOR)
    : normal.split(/^(?=#{1,6}\s)/m);
  return sections
    .map(takeHeading)
    .filter(({ text }) => /[\p{L}\d]/u.test(text))
    .flatMap(({ heading, text }) => overlappingPieces(text).map((piece) => ({ heading, piece })))
    .map(({ heading, piece }, index) => ({
      id: `${kb}-${index + 1}`,
      kb,
      heading: heading || firstWords(piece),
      text: piece,
    }));
}

/** Splits off the heading lines at the start of a section; the last of them is the closest. */
function takeHeading(section: string): { heading: string; text: string } {
  const lines = section.trim().split("\n");
  let heading = "";
  let taken = 0;
  for (const line of lines) {
    const match = HEADING.exec(line);
    if (!match && line.trim() !== "") break;
    if (match) heading = plainText(match[1]!);
    taken++;
  }
  return { heading, text: lines.slice(taken).join("\n").trim() };
}

function overlappingPieces(text: string): string[] {
  const pieces: string[] = [];
  let start = 0;
  while (text.length - start > CHUNK_CHARS) {
    const end = start + niceBreak(text.slice(start, start + CHUNK_CHARS));
    pieces.push(text.slice(start, end).trim());
    start = end - OVERLAP_CHARS;
  }
  pieces.push(text.slice(start).trim());
  return pieces;
}

/** Where to cut a full window: after the last paragraph, line, sentence or word in its last third. */
function niceBreak(window: string): number {
  for (const mark of ["\n\n", "\n", ". ", " "]) {
    const at = window.lastIndexOf(mark);
    if (at > window.length * 2 / 3) return at + mark.length;
  }
  return window.length;
}

function firstWords(text: string): string {
  return plainText(text).split(/\s+/).slice(0, 8).join(" ");
}

function plainText(markdown: string): string {
  return markdown.replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[*`_#|]+/g, "").trim();
}
