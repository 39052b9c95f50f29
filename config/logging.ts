// One way to log for every isolate: a line with time, level, room, message and its facts, such
// as call=… phase=….

import { configureSync, getLogger, type Logger, type LogRecord } from "@logtape/logtape";

export type { Logger };

/** Prepares logging for this isolate; call once, first. Lines go to standard error. */
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

/** The logger of one room or part ("switchboard", "ari", "call"). */
export function logger(part: string): Logger {
  return getLogger(["voxbot", part]);
}

/** One line: `2026-11-20T06:05:42.123Z INFO  switchboard: call answered call=ab12 phase=greeting`. */
export function formatRecord(record: LogRecord): string {
  const time = new Date(record.timestamp).toISOString();
  const part = record.category.slice(1).join(".");
  const text = record.message.map((piece) =>
    typeof piece === "string" ? piece : redact(show(piece))
  ).join("");
  const facts = Object.entries(record.properties)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${redact(show(value))}`)
    .join("");
  return `${time} ${record.level.toUpperCase().padEnd(7)} ${part}: ${redact(text)}${facts}\n`;
}

function show(value: unknown): string {
  if (value instanceof Error) {
    const cause = value.cause instanceof Error ? ` (${value.cause.message})` : "";
    return JSON.stringify(value.message + cause);
  }
  if (typeof value === "string") return /^[\w.:/*+-]+$/.test(value) ? value : JSON.stringify(value);
  if (typeof value === "number") return String(Number.isInteger(value) ? value : +value.toFixed(1));
  return JSON.stringify(value) ?? String(value);
}

/** Masks what looks like a phone number (7 digits or more) and ARI credentials in an address. */
export function redact(text: string): string {
  return text
    .replace(/(api_key=)[^&\s"]+/g, "$1***")
    .replace(/(?<![\w.:-])\+?\d[\d\s()-]{5,}\d(?![\w.:-]|:\d)/g, maskNumber);
}

/** A phone number with all but its last two digits hidden; what `/api/calls` shows as `caller`. */
export function maskNumber(number: string): string {
  const digits = number.replace(/\D/g, "");
  if (digits.length === 0) return number;
  return digits.length < 7 ? digits : `${"*".repeat(digits.length - 2)}${digits.slice(-2)}`;
}
