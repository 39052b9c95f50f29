// `/ari/api-docs`: the description of the simulated ARI in Swagger 1.1, the form that Asterisk
// writes.

import { API_MODELS, type Fields, SUB_TYPES } from "./api_models.ts";
import { API_OPERATIONS, type Operation, type Resource } from "./api_operations.ts";

/** `resources.json`: the list of api-docs. */
export function resourceList(host: string): unknown {
  return {
    ...header("10.0.0", host),
    apis: Object.keys(API_MODELS).map((resource) => ({
      path: `/api-docs/${resource}.{format}`,
      description: `${resource} of the simulated PBX`,
    })),
  };
}

/** The api-docs of one resource; undefined when there is no such resource. */
export function resourceDocs(resource: string, host: string): unknown {
  const models = API_MODELS[resource];
  if (!models) return undefined;
  const operations: readonly Operation[] = API_OPERATIONS[resource as Resource] ?? [];
  const paths = new Set(operations.map(({ path }) => path));
  return {
    ...header("2.0.0", host),
    resourcePath: `/api-docs/${resource}.{format}`,
    apis: [...paths].map((path) => ({
      path,
      description: path,
      operations: operations.filter((operation) => operation.path === path).map(describe),
    })),
    models: Object.fromEntries(
      Object.entries(models).map(([id, fields]) => [id, {
        id,
        description: id,
        properties: describeFields(fields),
        subTypes: SUB_TYPES[id]?.(Object.keys(models)),
      }]),
    ),
  };
}

function header(apiVersion: string, host: string) {
  return { apiVersion, swaggerVersion: "1.1", basePath: `http://${host}/ari` };
}

function describe({ method, nickname, answer, params }: Operation) {
  return {
    httpMethod: method,
    nickname,
    summary: nickname,
    responseClass: answer,
    parameters: Object.entries(params).map(([name, param]) => {
      const [paramType, dataType] = param.replace("!", "").split(" ");
      return {
        name,
        description: name,
        paramType,
        dataType,
        required: param.endsWith("!"),
        allowMultiple: name === "media",
      };
    }),
  };
}

function describeFields(fields: Fields) {
  return Object.fromEntries(
    Object.entries(fields).map(([name, type]) => [name, {
      type: type.replace("!", ""),
      required: type.endsWith("!"),
    }]),
  );
}
