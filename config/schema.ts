// The kinds of value a setting can have. Each parses a string of the environment, and says what would
// be right when it cannot.

import { z } from "zod";
import { commaList } from "./spelling/comma_list.ts";

/** What a setting is for, in the languages of docs/settings.md, and its unit if it has one. */
export interface Doc {
  readonly en: string;
  readonly ru: string;
  readonly unit?: Unit;
}

/** What a value counts. */
export type Unit = "ms" | "s" | "days" | "MB" | "tokens" | "path";

/** A setting: how to parse it, its default, and what the operator should know. */
export interface Setting<T> {
  readonly parse: z.ZodType<T, string>;
  /** The value of an absent or empty variable, as it would be written in `.env`. */
  readonly default: string;
  /** The words it may have, or the range of its numbers; empty for any text. */
  readonly allowed: readonly string[];
  readonly doc: Doc;
  /** A secret's value never appears in a log, an error or the settings table. */
  readonly secret: boolean;
}

/** The least and the greatest number allowed. */
type Range = readonly [min: number, max: number];

function setting<T>(
  parse: z.ZodType<T, string>,
  fallback: string,
  doc: Doc,
  allowed: readonly string[] = [],
): Setting<T> {
  return { parse, default: fallback, doc, allowed, secret: false };
}

/** Any text; surrounding white space is dropped. */
export function text(fallback: string, doc: Doc): Setting<string> {
  return setting(z.string().trim(), fallback, doc);
}

/** Any text that is never shown. */
export function secret(doc: Doc): Setting<string> {
  return { ...text("", doc), secret: true };
}

/** A number within bounds (both included). */
export function number(fallback: number, bounds: Range, doc: Doc): Setting<number> {
  return numeric("a number", /^[+-]?\d+(\.\d+)?$/, fallback, bounds, doc);
}

/** A whole number within bounds (both included). */
export function integer(fallback: number, bounds: Range, doc: Doc): Setting<number> {
  return numeric("a whole number", /^[+-]?\d+$/, fallback, bounds, doc);
}

function numeric(
  kind: string,
  digits: RegExp,
  fallback: number,
  [min, max]: Range,
  doc: Doc,
): Setting<number> {
  const message = `${kind} from ${min} to ${max}`;
  const parse = z.string().trim().regex(digits, message).transform(Number)
    .refine((value) => value >= min && value <= max, message);
  return setting(parse, String(fallback), doc, [`${min}–${max}`]);
}

const TRUE_WORDS = ["true", "1", "yes", "on"];
const FALSE_WORDS = ["false", "0", "no", "off"];

/** true/1/yes/on or false/0/no/off. */
export function flag(fallback: boolean, doc: Doc): Setting<boolean> {
  const parse = z.string().trim().toLowerCase()
    .refine((word) => TRUE_WORDS.includes(word) || FALSE_WORDS.includes(word), "true or false")
    .transform((word) => TRUE_WORDS.includes(word));
  return setting(parse, String(fallback), doc, ["true", "false"]);
}

/** One of a few words. */
export function choice<const W extends string>(
  fallback: W,
  words: readonly W[],
  doc: Doc,
): Setting<W> {
  const parse = z.string().trim().toLowerCase()
    .refine((word) => (words as readonly string[]).includes(word), `one of ${words.join(", ")}`)
    .transform((word) => word as W);
  return setting(parse, fallback, doc, words);
}

/** A comma-separated list of words, each one of a few, none twice. */
export function choices<const W extends string>(
  fallback: string,
  words: readonly W[],
  doc: Doc,
): Setting<readonly W[]> {
  const message = `a comma-separated list of ${words.join(", ")}, none of them twice`;
  const parse = z.string()
    .transform((value) => value.split(",").map((word) => word.trim().toLowerCase()))
    .refine((list) => list.every((word) => (words as readonly string[]).includes(word)), message)
    .refine((list) => new Set(list).size === list.length, message)
    .transform((list) => list as readonly string[] as readonly W[]);
  return setting(parse, fallback, doc, words);
}

/**
 * A comma-separated list of `key:value`, no key twice: `sales:201,service:202`. A key is a word of
 * Latin letters, digits, `_` and `-`; a value is an extension that a dialplan can have.
 */
export function pairs(fallback: string, doc: Doc): Setting<Readonly<Record<string, string>>> {
  const message = "a comma-separated list of key:extension such as sales:201,service:202";
  const parse = z.string()
    .transform(commaList)
    .refine((list) => list.every((pair) => /^[\w-]+:[\w*#+-]+$/.test(pair)), message)
    .transform((list) => list.map((pair) => pair.split(":") as [string, string]))
    .refine((list) => new Set(list.map(([key]) => key)).size === list.length, message)
    .transform((list): Readonly<Record<string, string>> => Object.fromEntries(list));
  return setting(parse, fallback, doc);
}

/** An absolute http(s) address; a trailing slash is dropped. Empty means "not set". */
export function url(fallback: string, doc: Doc): Setting<string> {
  return address(fallback, doc, (value) => value.replace(/\/+$/, ""));
}

/**
 * The address of Asterisk's HTTP server, with http.conf's `prefix` if there is one, such as
 * `http://127.0.0.1:8088/asterisk`. Operators also write ARI's own, which has `/ari` behind it, as
 * Asterisk's documentation does: that is dropped, once, so that a prefix named `ari` can be written
 * `/ari/ari`.
 */
export function httpServerOfAri(fallback: string, doc: Doc): Setting<string> {
  return address(
    fallback,
    doc,
    (value) => value.replace(/\/+$/, "").replace(/([^:/])\/+ari$/i, "$1"),
  );
}

function address(
  fallback: string,
  doc: Doc,
  tidy: (value: string) => string,
): Setting<string> {
  const message = "an address such as http://127.0.0.1:8088, without user and password";
  const parse = z.string().trim()
    .refine((value) => value === "" || isPlainHttp(value), message)
    .transform(tidy);
  return setting(parse, fallback, doc);
}

function isPlainHttp(value: string): boolean {
  const address = URL.parse(value);
  return address !== null && /^https?:$/.test(address.protocol) && address.username === "" &&
    address.password === "";
}
