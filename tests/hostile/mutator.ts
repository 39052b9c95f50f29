// Makes hostile inputs of valid samples. Each input depends on the seed, the border and its index alone,
// so that any one can be replayed by itself.

import { Random } from "../chaos/random.ts";
import { PLANTS } from "./planted.ts";

/** JSON's values, and those that only JavaScript has. */
type Json = unknown;

/** Values that programs do not expect. */
const ODD_VALUES: readonly Json[] = [
  null,
  true,
  false,
  0,
  -0,
  -1,
  1e308,
  -1e308,
  Number.MAX_SAFE_INTEGER,
  2 ** 53,
  2 ** 31,
  0.5,
  "",
  " ",
  "0",
  "-1",
  "NaN",
  "Infinity",
  "\0",
  "\u202e\ufeff\u2028",
  "\ud800",
  "🦓".repeat(9),
  "../../../etc/passwd",
  "%00%2e%2e",
  "a\r\nset-cookie: x",
  "';DROP TABLE calls;--",
  "constructor",
  "__proto__",
  [],
  [[]],
  {},
  [null],
  { length: -1 },
];
/** Names that every JavaScript object answers to. */
const PROTOTYPE_KEYS = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"];
/** Numbers that JSON can write and JavaScript reads as something else. */
const ODD_LITERALS = ["1e400", "-1e400", "1e-400", "9007199254740993", "-0", "00", "NaN", "0x1"];
const HUGE_CHARACTERS = 60_000;
const DEEP = 3000;
/** Of 1000 inputs, about so many are huge or deep: they cost as much as hundreds of others. */
const LARGE_IN_1000 = 4;

/** Hostile variants, one generator for one input. */
export class Mutator {
  readonly random: Random;

  constructor(seed: number, border: string, index: number) {
    let hash = seed >>> 0;
    for (const character of `${border}:${index}`) {
      hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0;
    }
    this.random = new Random(hash);
  }

  /** A whole number from 0 to `below` - 1. */
  below(below: number): number {
    return Math.floor(this.random.next() * below);
  }

  /** True in `share` of all cases. */
  chance(share: number): boolean {
    return this.random.next() < share;
  }

  /** A value of any type; often one of the planted texts. */
  odd(): Json {
    if (this.chance(0.3)) return this.random.pick(PLANTS);
    return structuredClone(this.random.pick(ODD_VALUES));
  }

  /** A copy of a plain value with one to four of its parts dropped, renamed, retyped or doubled. */
  value(sample: Json): Json {
    const root = { root: structuredClone(sample) };
    for (let times = 1 + this.below(4); times > 0; times--) this.#change(root);
    return root.root;
  }

  /** JSON text of such a copy, sometimes damaged as text. */
  json(sample: Json): string {
    let text = JSON.stringify(this.value(sample)) ?? "undefined";
    if (this.chance(0.08)) {
      text = text.replace(/-?\d+(\.\d+)?/, () => this.random.pick(ODD_LITERALS));
    }
    if (this.below(1000) < LARGE_IN_1000) text = this.#large(text);
    return this.chance(0.08) ? this.text(text) : text;
  }

  /** A text with pieces cut, doubled, moved or replaced. */
  text(sample: string): string {
    let text = sample;
    for (let times = 1 + this.below(3); times > 0; times--) {
      const at = this.below(text.length + 1);
      const to = Math.min(text.length, at + this.below(40));
      switch (this.below(6)) {
        case 0:
          text = text.slice(0, at);
          break;
        case 1:
          text = text.slice(0, at) + text.slice(to);
          break;
        case 2:
          text = text.slice(0, to) + text.slice(at);
          break;
        case 3:
          text = text.slice(0, at) + String(this.odd()) + text.slice(to);
          break;
        case 4:
          text = text.slice(0, at) + String.fromCharCode(this.below(0x300)) + text.slice(at);
          break;
        default:
          text = text.slice(at) + text.slice(0, at);
      }
    }
    return text;
  }

  /** Bytes with some flipped, cut, doubled or inserted; sometimes random from first to last. */
  bytes(sample: Uint8Array): Uint8Array<ArrayBuffer> {
    if (this.chance(0.1)) return this.noise(this.below(300));
    let bytes = new Uint8Array(sample);
    for (let times = 1 + this.below(4); times > 0; times--) {
      const at = this.below(bytes.length + 1);
      switch (this.below(5)) {
        case 0:
          bytes = bytes.slice(0, at);
          break;
        case 1:
          bytes = joined(bytes.subarray(0, at), this.noise(this.below(16)), bytes.subarray(at));
          break;
        case 2:
          bytes = joined(bytes.subarray(0, at), bytes.subarray(Math.max(0, at - 24)));
          break;
        default:
          if (at < bytes.length) {
            bytes[at] = this.random.pick([0, 1, 0x7f, 0x80, 0xff, this.below(256)]);
          }
      }
    }
    return bytes;
  }

  /** Random bytes. */
  noise(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.below(256));
  }

  /** Changes one part somewhere below `root`, which is never replaced itself. */
  #change(root: Record<string, Json>): void {
    let holder: Record<string, Json> = root;
    let key = "root";
    for (;;) {
      const inner = holder[key];
      if (typeof inner !== "object" || inner === null) break;
      const keys = Object.keys(inner);
      if (keys.length === 0 || this.chance(0.15)) break;
      holder = inner as Record<string, Json>;
      key = this.random.pick(keys);
    }
    switch (this.below(6)) {
      case 0:
        if (holder !== root) delete holder[key];
        break;
      case 1:
        if (holder === root || Array.isArray(holder)) break;
        set(
          holder,
          this.random.pick([...PROTOTYPE_KEYS, `${key}_`, key.toUpperCase()]),
          holder[key],
        );
        if (this.chance(0.5)) delete holder[key];
        break;
      case 2:
        holder[key] = [holder[key]];
        break;
      case 3:
        holder[key] = this.chance(0.5) ? JSON.stringify(holder[key]) : { value: holder[key] };
        break;
      default:
        holder[key] = this.odd();
    }
  }

  /** Huge text, many fields, or deep nesting in place of the last value. */
  #large(text: string): string {
    const filling = this.random.pick([
      `"${"x".repeat(HUGE_CHARACTERS)}"`,
      "[".repeat(DEEP) + "]".repeat(DEEP),
      '{"a":'.repeat(DEEP) + "1" + "}".repeat(DEEP),
      `[${"1,".repeat(HUGE_CHARACTERS / 4)}1]`,
    ]);
    return text.replace(/"[^"]*"(?=[,}\]]*$)/, () => filling);
  }
}

/** Sets an own property, also where its name is `__proto__`. */
function set(holder: Record<string, Json>, name: string, value: Json): void {
  Object.defineProperty(holder, name, {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
