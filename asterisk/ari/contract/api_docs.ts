// Compares what we use of ARI with what a PBX says it offers in `GET /ari/api-docs/*.json` (Swagger
// 1.1 as Asterisk writes it).

import { z } from "zod";
import { type ApiUsage, type CommandUsage, describeUsage, type FieldUsage } from "./usage.ts";

/** The api-docs that describe everything in use. */
export const API_DOCS_IN_USE: readonly string[] = [
  "applications",
  "asterisk",
  "bridges",
  "channels",
  "events",
  "playbacks",
  "recordings",
];

const Properties = z.record(
  z.string(),
  z.object({ type: z.string(), required: z.boolean().optional() }),
);

const ApiDoc = z.object({
  apis: z.array(z.object({
    path: z.string(),
    operations: z.array(z.object({
      httpMethod: z.string(),
      nickname: z.string(),
      responseClass: z.string(),
      parameters: z.array(z.object({
        name: z.string(),
        paramType: z.string(),
        dataType: z.string(),
        required: z.boolean().optional(),
      })).optional(),
    })),
  })),
  models: z.record(
    z.string(),
    z.object({ properties: Properties, subTypes: z.array(z.string()).optional() }),
  ).optional(),
});

type ApiDoc = z.infer<typeof ApiDoc>;
type Operation = ApiDoc["apis"][number]["operations"][number];
type Models = ReadonlyMap<string, z.infer<typeof Properties>>;

/**
 * Looks in a PBX's api-docs for everything we use.
 *
 * @param docs the parsed JSON of each file in `API_DOCS_IN_USE`, by name without `.json`.
 * @returns a line for each problem; none when all is there and of the type we expect.
 */
export function checkAgainstApiDocs(
  docs: Readonly<Record<string, unknown>>,
  usage: ApiUsage = describeUsage(),
): string[] {
  const problems: string[] = [];
  const read = new Map<string, ApiDoc>();
  for (const name of API_DOCS_IN_USE) {
    if (!(name in docs)) continue;
    const parsed = ApiDoc.safeParse(docs[name]);
    if (parsed.success) read.set(name, parsed.data);
    else problems.push(`${name}.json is not an api-doc: ${z.prettifyError(parsed.error)}`);
  }
  const models = modelsOf(read.values());
  for (const command of usage.commands) problems.push(...commandProblems(command, read));
  const fields = { ...usage.models, ...usage.events };
  for (const [name, used] of Object.entries(fields)) {
    problems.push(...modelProblems(name, used, models));
  }
  return problems;
}

function commandProblems(command: CommandUsage, docs: ReadonlyMap<string, ApiDoc>): string[] {
  const name = `${command.resource}.${command.operation}`;
  const found = docs.get(command.resource)?.apis
    .flatMap(({ path, operations }) => operations.map((operation) => ({ path, operation })))
    .find(({ operation }) => operation.nickname === command.operation);
  if (!found) return [`${name}: no such operation`];
  const { path, operation } = found;
  const problems: string[] = [];
  if (operation.httpMethod !== command.method) {
    problems.push(`${name}: method is ${operation.httpMethod}, we use ${command.method}`);
  }
  if (path !== command.path) problems.push(`${name}: path is ${path}, we use ${command.path}`);
  if (command.result !== "void" && operation.responseClass !== command.result) {
    problems.push(`${name}: answer is ${operation.responseClass}, we read ${command.result}`);
  }
  return [...problems, ...paramProblems(name, command, operation)];
}

function paramProblems(name: string, command: CommandUsage, operation: Operation): string[] {
  const known = new Map((operation.parameters ?? []).map((param) => [param.name, param]));
  const problems: string[] = [];
  for (const [param, used] of Object.entries(command.params)) {
    const doc = known.get(param);
    const offered = doc && `${doc.paramType} ${doc.dataType}`;
    if (!offered) problems.push(`${name}: no parameter ${param}`);
    else if (offered !== used) problems.push(`${name}: ${param} is a ${offered}, we send ${used}`);
  }
  for (const { name: param, required } of known.values()) {
    if (required && !(param in command.params)) {
      problems.push(`${name}: parameter ${param} is required, we do not send it`);
    }
  }
  return problems;
}

function modelProblems(
  model: string,
  used: Readonly<Record<string, FieldUsage>>,
  models: Models,
): string[] {
  const properties = models.get(model);
  if (!properties) return [`${model}: no such model`];
  return Object.entries(used).flatMap(([field, { type, optional }]) => {
    const offered = properties[field];
    if (!offered) return [`${model}.${field}: no such field`];
    const problems: string[] = [];
    if (asUsed(offered.type) !== type) {
      problems.push(`${model}.${field}: is ${offered.type}, we read ${type}`);
    }
    if (!offered.required && !optional) {
      problems.push(`${model}.${field}: may be absent, we need it`);
    }
    return problems;
  });
}

/** Each model's own properties and those it inherits: a model names its sub-types. */
function modelsOf(docs: Iterable<ApiDoc>): Models {
  const own = new Map<string, z.infer<typeof Properties>>();
  const parents = new Map<string, string>();
  for (const { models = {} } of docs) {
    for (const [name, { properties, subTypes = [] }] of Object.entries(models)) {
      own.set(name, properties);
      for (const subType of subTypes) parents.set(subType, name);
    }
  }
  const whole = (name: string): z.infer<typeof Properties> => {
    const parent = parents.get(name);
    return { ...(parent === undefined ? {} : whole(parent)), ...own.get(name) };
  };
  return new Map([...own.keys()].map((name) => [name, whole(name)]));
}

/** Asterisk writes its int, long and double as JSON numbers, and its Date as a string. */
function asUsed(type: string): string {
  if (["int", "long", "double"].includes(type)) return "number";
  return type === "Date" ? "string" : type;
}
