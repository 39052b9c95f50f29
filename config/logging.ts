// Logging, the same in every isolate: a line with time, level, part, message and facts such as call=…
// phase=….

import { configureSync, getLogger, type Logger, type LogRecord } from "@logtape/logtape";
import { redact } from "./privacy/redact.ts";

export type { Logger };

/** Configures logging for this isolate; call it first. Lines go to standard error. */
export function configureLogging(lowestLevel: "debug" | "info" | "warning" | "error"): void {
  const encoder = new TextEncoder();
  configureSync({
    reset: true,
    sinks: { stderr: (record) => void Deno.stderr.writeSync(encoder.encode(formatRecord(record))) },
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
  const part = record.category.slice(1).join(".");
  const text = record.message
    .map((piece, at) => at % 2 === 0 ? String(piece) : show(piece))
    .join("")
    .replace(/\s*[\r\n]+\s*/g, " ");
  const facts = Object.entries(record.properties)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${show(value)}`)
    .join("");
  return `${time} ${record.level.toUpperCase().padEnd(7)} ${part}: ${redact(text)}${facts}\n`;
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
