// What we use of ARI, as data, derived from the schemas and the table that the code itself runs on.

import { z } from "zod";
import { COMMANDS, type ParamUsage } from "../command_table.ts";
import { EVENT_SCHEMAS } from "../events.ts";
import { MODELS } from "../models.ts";

/** A field we read. */
export interface FieldUsage {
  /**
   * In the words of Asterisk's api-docs: `string`, `number` (their int, long and double),
   * `boolean`, `object` (free keys), a model's name such as `Channel`, or `List[…]` of one of
   * those. Their Date is a `string`.
   */
  readonly type: string;
  /** Whether we do without it. */
  readonly optional: boolean;
}

/** An operation we call. */
export interface CommandUsage {
  readonly resource: string;
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly params: Readonly<Record<string, ParamUsage>>;
  /** As `FieldUsage.type`; `void` where no answer is expected. */
  readonly result: string;
}

/** Everything we use of ARI. */
export interface ApiUsage {
  /** Fields by model, such as `Channel`. */
  readonly models: Readonly<Record<string, Readonly<Record<string, FieldUsage>>>>;
  /** Fields by event type, such as `StasisStart`. */
  readonly events: Readonly<Record<string, Readonly<Record<string, FieldUsage>>>>;
  readonly commands: readonly CommandUsage[];
}

/** Everything we use of ARI, for comparison with what a PBX says it offers. */
export function describeUsage(): ApiUsage {
  return {
    models: Object.fromEntries(
      Object.entries(MODELS).map(([name, model]) => [name, fieldsOf(model)]),
    ),
    events: Object.fromEntries([...EVENT_SCHEMAS].map(([type, event]) => [type, fieldsOf(event)])),
    commands: Object.values(COMMANDS).map(({ result, ...command }) => ({
      ...command,
      result: result === null ? "void" : typeOf(result),
    })),
  };
}

const MODEL_NAMES = new Map<unknown, string>(
  Object.entries(MODELS).map(([name, model]) => [model, name]),
);

function fieldsOf(model: z.ZodObject): Record<string, FieldUsage> {
  return Object.fromEntries(
    Object.entries(model.shape).map(([name, schema]) => {
      const optional = schema instanceof z.ZodOptional;
      return [name, { type: typeOf(optional ? schema.unwrap() : schema), optional }];
    }),
  );
}

function typeOf(schema: unknown): string {
  const model = MODEL_NAMES.get(schema);
  if (model) return model;
  if (schema instanceof z.ZodString || schema instanceof z.ZodLiteral) return "string";
  if (schema instanceof z.ZodNumber) return "number";
  if (schema instanceof z.ZodBoolean) return "boolean";
  if (schema instanceof z.ZodRecord) return "object";
  if (schema instanceof z.ZodArray) return `List[${typeOf(schema.element)}]`;
  throw new Error("a model in use has a field whose type the api-docs cannot express");
}
