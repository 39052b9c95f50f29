// Reads the parameters of an ARI request from its path, query and body.

import type { Parameters } from "./operation.ts";
import { AriFailure } from "./wire.ts";

/** The values in `path` of the `{name}`s of `template`; undefined when the two do not match. */
export function matchPath(
  template: string,
  path: string,
): Readonly<Record<string, string>> | undefined {
  const [wanted, given] = [template.split("/"), path.split("/")];
  if (wanted.length !== given.length) return undefined;
  const found: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const actual = decodeURIComponent(given[i]!);
    if (part.startsWith("{")) found[part.slice(1, -1)] = actual;
    else if (part !== actual) return undefined;
  }
  return found;
}

/**
 * Merges the parameters of path, JSON body and query; of two with one name the earlier in that
 * order wins.
 *
 * @throws {AriFailure} 400 when the body is not JSON.
 */
export function readParameters(
  inPath: Readonly<Record<string, string>>,
  query: URLSearchParams,
  body: string,
): Parameters {
  const { variables, ...inBody } = parseBody(body);
  const all = (name: string): string[] => {
    const given = inPath[name] ?? inBody[name];
    if (given === undefined || given === null) return query.getAll(name);
    return (Array.isArray(given) ? given : [given]).map(String);
  };
  return {
    all,
    text: (name) => all(name).at(-1) || undefined,
    variables: Object.fromEntries(
      Object.entries(isRecord(variables) ? variables : {}).map(([key, value]) => [
        key,
        String(value),
      ]),
    ),
  };
}

function parseBody(body: string): Record<string, unknown> {
  if (body === "") return {};
  try {
    const json: unknown = JSON.parse(body);
    return isRecord(json) ? json : {};
  } catch (error) {
    if (error instanceof SyntaxError) throw new AriFailure(400, "Request body is not valid JSON");
    throw error;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
