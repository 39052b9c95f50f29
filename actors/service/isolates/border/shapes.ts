// Checks of plain data that another isolate sent or a file holds: types, ranges and sizes. Cheap enough
// for each message.

/** Whether a value is as it should be. Never throws. */
export type Check = (value: unknown) => boolean;

/** A check for each field of `T`, so that a new field cannot be forgotten. */
export type Fields<T> = { readonly [K in keyof T]-?: Check };

/** One table of fields for each kind of a union that `by` tells apart. */
export type Kinds<U extends object, By extends keyof U> = {
  readonly [K in U[By] & string]: Fields<Omit<Extract<U, Record<By, K>>, By>>;
};

/** A string of at most so many UTF-16 units. */
export function text(most: number): Check {
  return (value) => typeof value === "string" && value.length <= most;
}

/** A whole number from 0 to `most`. */
export function count(most: number): Check {
  return (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most;
}

/** Any number but NaN and infinity. */
export const figure: Check = (value) => Number.isFinite(value);

/** True or false. */
export const flag: Check = (value) => typeof value === "boolean";

/** One word of a closed set; the object lists them all, for the types to see that none is missing. */
export function word<W extends string>(words: Readonly<Record<W, true>>): Check {
  return (value) => typeof value === "string" && Object.hasOwn(words, value);
}

/** Absent, or as `check` has it. */
export function maybe(check: Check): Check {
  return (value) => value === undefined || check(value);
}

/** At most `most` items, each as `check` has it. */
export function list(check: Check, most: number): Check {
  return (value) => Array.isArray(value) && value.length <= most && value.every(check);
}

/** An object whose keys pass one check and whose values another. */
export function record(key: Check, value: Check, most: number): Check {
  return (whole) => {
    if (!isObject(whole)) return false;
    const entries = Object.entries(whole);
    return entries.length <= most && entries.every(([name, one]) => key(name) && value(one));
  };
}

/** An object with these fields and no others. */
export function shape<T extends object>(fields: Fields<T>): Check {
  const checks = Object.entries<Check>(fields);
  return (value) =>
    isObject(value) && Object.keys(value).every((name) => Object.hasOwn(fields, name)) &&
    checks.every(([name, check]) => check(value[name]));
}

/** An object of one of these kinds, told apart by the field `by`. */
export function kinds<U extends object, By extends keyof U & string>(
  by: By,
  table: Kinds<U, By>,
): Check {
  const checks = new Map(
    Object.entries<Readonly<Record<string, Check>>>(table).map(([kind, fields]) => [
      kind,
      shape<Record<string, unknown>>({ ...fields, [by]: (value) => value === kind }),
    ]),
  );
  return (value) => {
    const kind = isObject(value) ? value[by] : undefined;
    return typeof kind === "string" && checks.get(kind)?.(value) === true;
  };
}

/** An object with fields: no array, no null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
