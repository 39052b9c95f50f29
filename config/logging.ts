// Logging, the same in every isolate: a line with time, level, part, message and facts such as call=…
// phase=….

import { configureSync, getLogger, type Logger, type LogRecord } from "@logtape/logtape";

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

/**
 * Digits with the separators that people write between them, unless they are part of a word, a decimal
 * (such as the Asterisk id 1732084742.17) or a UUID. The one in `PJSIP/70000000001-0000001f` counts.
 */
const PHONE_NUMBER =
  /(?<!\w|\d\.|[\da-f]{4}-)(?![\da-f]{8}-[\da-f]{4}-)\+?\d(?:[ \u00a0()-]{0,3}\d){6,}(?!\w|\.\d)/g;

/**
 * Keys that show what they are: OpenAI's (sk-…), Yandex Cloud's API keys (AQVN…), OAuth tokens (y0_…)
 * and IAM tokens (t1.…); as their services' documentation shows them.
 */
const SECRET_KEY = /(?<![A-Za-z-])(sk-|AQVN|y0_|t1\.)[\w.~+/=-]{12,}/g;

/**
 * Masks what must not be kept: numbers of 7 digits or more, written like phone numbers,
 * credentials in addresses and headers, and keys.
 */
export function redact(text: string): string {
  return text
    .replace(/(api_key=)[^&\s"]+/gi, "$1***")
    .replace(/(\b[a-z][a-z+.-]*:\/\/)[^\s/@"]+@/gi, "$1***@")
    .replace(/\b(Basic|Bearer|Api-Key) +[\w.~+/=-]{16,}/gi, "$1 ***")
    .replace(SECRET_KEY, "$1***")
    .replace(PHONE_NUMBER, maskNumber);
}

/**
 * A phone number with all but its last two digits hidden, as `/api/calls` shows a `caller`.
 * Extensions (fewer than 7 digits) and names are shown whole.
 */
export function maskNumber(number: string): string {
  const digits = number.replace(/\D/g, "");
  return digits.length < 7 ? number : `${"*".repeat(digits.length - 2)}${digits.slice(-2)}`;
}
