import assert from "node:assert/strict";
import { checkAgainstApiDocs } from "./api_docs.ts";
import { type ApiDocJson, apiDocs } from "../../../testing/test_ari.ts";

/** The problems of a PBX that offers all that is in use, but for one change. */
function problemsAfter(change: (docs: Record<string, ApiDocJson>) => void): string[] {
  const docs = apiDocs();
  change(docs);
  return checkAgainstApiDocs(docs);
}

function operation(docs: Record<string, ApiDocJson>, resource: string, nickname: string) {
  const found = docs[resource]?.apis.flatMap(({ operations }) => operations)
    .find((candidate) => candidate.nickname === nickname);
  assert(found);
  return found;
}

function properties(docs: Record<string, ApiDocJson>, model: string) {
  const found = docs.events?.models[model]?.properties;
  assert(found);
  return found;
}

Deno.test("a PBX that offers everything in use has no problems", () => {
  assert.deepEqual(checkAgainstApiDocs(apiDocs()), []);
});

Deno.test("an operation that is missing, has moved, or answers something else is a problem", () => {
  assert.deepEqual(problemsAfter((docs) => docs.playbacks!.apis = []), [
    "playbacks.stop: no such operation",
    "playbacks.control: no such operation",
  ]);
  assert.deepEqual(problemsAfter((docs) => delete docs.playbacks), [
    "playbacks.stop: no such operation",
    "playbacks.control: no such operation",
  ]);
  assert.deepEqual(problemsAfter((docs) => docs.playbacks!.apis[0]!.path = "/p/{playbackId}"), [
    "playbacks.stop: path is /p/{playbackId}, we use /playbacks/{playbackId}",
  ]);
  assert.deepEqual(
    problemsAfter((docs) => operation(docs, "channels", "answer").httpMethod = "PUT"),
    ["channels.answer: method is PUT, we use POST"],
  );
  assert.deepEqual(
    problemsAfter((docs) => operation(docs, "bridges", "list").responseClass = "Bridges"),
    ["bridges.list: answer is Bridges, we read List[Bridge]"],
  );
});

Deno.test("a parameter that is missing, of another type, or newly required is a problem", () => {
  const hangup = (docs: Record<string, ApiDocJson>) => operation(docs, "channels", "hangup");
  assert.deepEqual(problemsAfter((docs) => hangup(docs).parameters.splice(1)), [
    "channels.hangup: no parameter reason",
  ]);
  assert.deepEqual(problemsAfter((docs) => hangup(docs).parameters[1]!.dataType = "int"), [
    "channels.hangup: reason is a query int, we send query string",
  ]);
  const consent = { name: "consent", paramType: "query", dataType: "string", required: true };
  assert.deepEqual(problemsAfter((docs) => hangup(docs).parameters.push(consent)), [
    "channels.hangup: parameter consent is required, we do not send it",
  ]);
});

Deno.test("a field that is missing, of another type, or optional although we need it is a problem", () => {
  assert.deepEqual(problemsAfter((docs) => delete properties(docs, "Channel").language), [
    "Channel.language: no such field",
  ]);
  assert.deepEqual(
    problemsAfter((docs) => properties(docs, "StasisStart").args!.type = "string"),
    ["StasisStart.args: is string, we read List[string]"],
  );
  assert.deepEqual(problemsAfter((docs) => properties(docs, "Bridge").name!.required = false), [
    "Bridge.name: may be absent, we need it",
  ]);
  assert.deepEqual(problemsAfter((docs) => delete docs.events!.models.BridgeDestroyed), [
    "BridgeDestroyed: no such model",
  ]);
});

Deno.test("fields may be inherited, as events inherit from Message and Event", () => {
  const problems = problemsAfter((docs) => {
    const { type, application, timestamp } = properties(docs, "BridgeDestroyed");
    const models = docs.events!.models as Record<string, object>;
    models.Message = { properties: { type }, subTypes: ["Event"] };
    models.Event = { properties: { application, timestamp }, subTypes: ["BridgeDestroyed"] };
    models.BridgeDestroyed = { properties: { bridge: { type: "Bridge", required: true } } };
  });
  assert.deepEqual(problems, []);
});

Deno.test("a file that is not an api-doc is named", () => {
  const [problem] = checkAgainstApiDocs({ ...apiDocs(), recordings: { apis: "none" } });
  assert.match(problem ?? "", /^recordings\.json is not an api-doc/);
});
