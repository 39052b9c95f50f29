// The command line of `deno task bench capacity`.

import { parseArgs } from "node:util";
import type { G711Law } from "../../../media/codec/g711.ts";

/** What to measure. */
export interface CapacityOptions {
  readonly mode:
    | { readonly kind: "levels"; readonly levels: readonly number[] }
    | { readonly kind: "ramp"; readonly from: number; readonly step: number; readonly to: number }
    | { readonly kind: "offer"; readonly calls: number; readonly perSecond: number };
  readonly engines: "local" | "streamed";
  /** How long a level is held once all its calls are up. */
  readonly seconds: number;
  /** Between two calls of a level. */
  readonly everyMs: number;
  readonly codec: G711Law;
  /** The streamed services answer and speak so much later. */
  readonly delayMs: number;
  /** The promises of a ramp: 95 % of the answers, and 99 % of the gaps between frames. */
  readonly voiceToVoiceMs: number;
  readonly frameGapMs: number;
  /** CPUs as taskset(1) names them, for each process. */
  readonly cpus: Readonly<Partial<Record<"service" | "pbx" | "callers" | "speech", string>>>;
  /** Settings of the service. */
  readonly settings: Readonly<Record<string, string>>;
  readonly json: boolean;
}

export const USAGE =
  `deno task bench capacity [options]: how many calls one service serves well. Needs root.
  --calls N,N…      levels to hold one after another (1,5,10)
  --ramp            raise the level until a promise breaks, and say what ran out
  --from N --step N --to N   the ramp's levels (5, 5, 200)
  --offer R         --calls N of them arrive at R a second: who is served, who is told, how soon
  --seconds S       how long a level is held once all its calls are up (30)
  --every MS        between two calls of a level (300)
  --engines E       local, or streamed: Yandex's protocol, served by another process (local)
  --delay MS        the streamed services' own delay, of each answer and each voice (0); it counts in --limit
  --limit MS        the ramp's promise: 95 % of the answers begin within it (900)
  --gap MS          the ramp's promise: 99 % of the gaps between frames (40)
  --codec C         alaw or ulaw (alaw)
  --service-cpus, --pbx-cpus, --callers-cpus, --speech-cpus LIST   pins a process, as taskset -c does
  --set NAME=VALUE  a setting of the service; as often as needed
  --json            the figures as one line of JSON a level, after the table`;

/** The command line is wrong; the message says how. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Reads the command line. @throws {UsageError} */
export function readOptions(args: readonly string[]): CapacityOptions {
  const values = parse(args);
  const wholeNumbers = (name: string, text: string) =>
    text.split(",").map((one) => number(name, one, Number.isInteger));
  const levels = wholeNumbers("calls", values.calls ?? (values.offer ? "200" : "1,5,10"));
  if (values.ramp && values.offer !== undefined) {
    throw new UsageError("--ramp and --offer exclude each other");
  }
  if (values.offer !== undefined && levels.length > 1) {
    throw new UsageError("--offer takes one number of --calls");
  }
  return {
    mode: values.ramp
      ? {
        kind: "ramp",
        from: number("from", values.from, Number.isInteger),
        step: number("step", values.step, Number.isInteger),
        to: number("to", values.to, Number.isInteger),
      }
      : values.offer !== undefined
      ? { kind: "offer", calls: levels[0]!, perSecond: number("offer", values.offer) }
      : { kind: "levels", levels },
    engines: oneOf("engines", values.engines, ["local", "streamed"]),
    seconds: number("seconds", values.seconds),
    everyMs: number("every", values.every),
    codec: oneOf("codec", values.codec, ["alaw", "ulaw"]),
    delayMs: values.delay === "0" ? 0 : number("delay", values.delay),
    voiceToVoiceMs: number("limit", values.limit),
    frameGapMs: number("gap", values.gap),
    cpus: {
      service: values["service-cpus"],
      pbx: values["pbx-cpus"],
      callers: values["callers-cpus"],
      speech: values["speech-cpus"],
    },
    settings: Object.fromEntries((values.set ?? []).map(setting)),
    json: values.json,
  };
}

const text = (value: string) => ({ type: "string" as const, default: value });

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        calls: { type: "string" },
        ramp: { type: "boolean", default: false },
        from: text("5"),
        step: text("5"),
        to: text("200"),
        offer: { type: "string" },
        seconds: text("30"),
        every: text("300"),
        engines: text("local"),
        delay: text("0"),
        limit: text("900"),
        gap: text("40"),
        codec: text("alaw"),
        "service-cpus": { type: "string" },
        "pbx-cpus": { type: "string" },
        "callers-cpus": { type: "string" },
        "speech-cpus": { type: "string" },
        set: { type: "string", multiple: true },
        json: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(error.message);
    throw error;
  }
}

function number(name: string, value: string, fits = Number.isFinite): number {
  const read = Number(value);
  if (value.trim() !== "" && fits(read) && read > 0) return read;
  throw new UsageError(`--${name} is "${value}": give a number above 0`);
}

function oneOf<T extends string>(name: string, value: string, known: readonly T[]): T {
  const found = known.find((one) => one === value);
  if (found) return found;
  throw new UsageError(`--${name} is "${value}": give ${known.join(" or ")}`);
}

function setting(pair: string): readonly [string, string] {
  const equals = pair.indexOf("=");
  if (equals < 1) throw new UsageError(`--set is "${pair}": give NAME=VALUE`);
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}
