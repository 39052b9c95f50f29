import assert from "node:assert/strict";
import { mock } from "node:test";
import { ServiceFailure } from "../../../speech/failure.ts";
import type { TokenQuestion } from "../../messages.ts";
import { RemoteTokens } from "./remote_tokens.ts";

/** A call isolate's tokens, and what they ask the service. */
function setUp() {
  const asked: { readonly seq: number; readonly question: TokenQuestion }[] = [];
  const tokens = new RemoteTokens((message) => {
    if (message.kind === "token") asked.push({ seq: message.seq, question: message.question });
  });
  return { tokens, asked };
}

Deno.test("each question gets its own answer, in whatever order they come", async () => {
  const { tokens, asked } = setUp();
  const [token, refused] = [tokens.token(), tokens.refused("stale")];
  assert.deepEqual(asked, [
    { seq: 1, question: { what: "token" } },
    { seq: 2, question: { what: "refused", token: "stale" } },
  ]);
  tokens.answered(2, { what: "again", again: true });
  tokens.answered(1, { what: "token", token: "fresh" });
  assert.equal(await token, "fresh");
  assert.equal(await refused, true);
});

Deno.test("why IAM refuses us reaches the call with its cure", async () => {
  const { tokens } = setUp();
  const token = tokens.token();
  const failure = new ServiceFailure("yandex", "asking IAM for a token", {
    code: "HTTP 401",
    lasting: true,
    cure: "set OAUTH_TOKEN to a token that is valid",
  });
  tokens.answered(1, { what: "failed", failure: structuredClone(failure.report) });
  await assert.rejects(token, (error) => {
    assert.ok(error instanceof ServiceFailure);
    assert.deepEqual(error.report, failure.report);
    return true;
  });
});

Deno.test("a service that does not answer fails the question in seven seconds, and a late answer does no harm", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const { tokens } = setUp();
    const token = assert.rejects(tokens.token(), /no answer came in 7000 ms/);
    mock.timers.tick(7000);
    await token;
    tokens.answered(1, { what: "token", token: "late" });
    const next = tokens.token();
    tokens.answered(2, { what: "token", token: "fresh" });
    assert.equal(await next, "fresh");
  } finally {
    mock.timers.reset();
  }
});
