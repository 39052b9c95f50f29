// Logging, the same in every isolate: a line with time, level, part, message and facts such as call=…
// phase=…, for people (text) or for programs (json).

import { configureSync, getLogger, type Logger, type LogRecord } from "@logtape/logtape";
import { redact } from "./privacy/redact.ts";

export type { Logger };

/** The values of LOG_FORMAT. */
export type LogFormat = "text" | "json";

/** Configures logging for this isolate; call it first. Lines go to standard error. */
export function configureLogging(
  lowestLevel: "debug" | "info" | "warning" | "error",
  format: LogFormat = "text",
): void {
  const encoder = new TextEncoder();
  const lineOf = format === "json" ? formatJson : formatRecord;
  configureSync({
    reset: true,
    sinks: { stderr: (record) => void Deno.stderr.writeSync(encoder.encode(lineOf(record))) },
    loggers: [
      { category: ["voxbot"], lowestLevel, sinks: ["stderr"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["stderr"] },
    ],
  });
}

/** The logger of one part ("switchboard", "ari", "call"). */
export function logger(part: string): Logger {
  return getLogger(["voxbot", part]);
}

/** One line: `2026-11-20T06:05:42.123Z INFO  switchboard: call answered call=ab12 phase=greeting`. */
export function formatRecord(record: LogRecord): string {
  const time = new Date(record.timestamp).toISOString();
  const facts = factsOf(record).map(([name, value]) => ` ${name}=${show(value)}`).join("");
  const level = record.level.toUpperCase().padEnd(7);
  return `${time} ${level} ${partOf(record)}: ${messageOf(record)}${facts}\n`;
}

/** Names of a JSON line that are no facts; a fact with such a name gets `_` before it. */
const OWN_NAMES = ["time", "level", "part", "message"];

/** One line of JSON: `{"time":"…","level":"info","part":"switchboard","message":"call answered","call":"ab12"}`. */
export function formatJson(record: LogRecord): string {
  const line: Record<string, unknown> = {
    time: new Date(record.timestamp).toISOString(),
    level: record.level,
    part: partOf(record),
    message: messageOf(record),
  };
  for (const [name, value] of factsOf(record)) {
    line[OWN_NAMES.includes(name) ? `_${name}` : name] = plain(value);
  }
  return `${JSON.stringify(line)}\n`;
}

function partOf(record: LogRecord): string {
  return record.category.slice(1).join(".");
}

function messageOf(record: LogRecord): string {
  const text = record.message
    .map((piece, at) => at % 2 === 0 ? String(piece) : show(piece))
    .join("")
    .replace(/\s*[\r\n]+\s*/g, " ");
  return redact(text);
}

function factsOf(record: LogRecord): [name: string, value: unknown][] {
  return Object.entries(record.properties).filter(([, value]) => value !== undefined);
}

/** A value as a JSON line has it: numbers and lists stay what they are, secrets are masked as in text. */
function plain(value: unknown): unknown {
  try {
    const json = JSON.stringify(value, showInside);
    return json === undefined ? redact(String(value)) : JSON.parse(json);
  } catch {
    return redact(String(value)); // Circular, as in show().
  }
}

/** A value as it appears in a log line: on one line, without secrets, and never an exception. */
function show(value: unknown): string {
  if (typeof value === "number") return String(Number.isInteger(value) ? value : +value.toFixed(1));
  if (typeof value === "string") return quote(redact(value));
  if (value instanceof Error) return JSON.stringify(redact(errorText(value)));
  try {
    return JSON.stringify(value, showInside) ?? String(value);
  } catch {
    return quote(redact(String(value))); // Circular: a poor line is better than a lost call.
  }
}

function quote(text: string): string {
  return /^[\w.:/*+@-]+$/.test(text) ? text : JSON.stringify(text);
}

/** An error's message, with those of its causes in brackets. */
function errorText(error: Error): string {
  const message = error.message || error.name;
  return error.cause instanceof Error ? `${message} (${errorText(error.cause)})` : message;
}

function showInside(_key: string, value: unknown): unknown {
  if (value instanceof Error) return redact(errorText(value));
  if (typeof value === "string") return redact(value);
  return typeof value === "bigint" ? String(value) : value;
}
