// A model server that answers well and says nonsense of what the answer cost. Once, a single such
// number ended the service and with it all its calls.

import assert from "node:assert/strict";
import { eventually, startSimulator, untilSpokenTo } from "../../../testing/mod.ts";
import { spoken } from "../../../testing/voice.ts";
import { ServiceProcess } from "../../chaos/service_process.ts";
import { realTimeTest } from "../../real_time.ts";

/** As JSON, in the order they are told; 1e400 is infinity once it is read. */
const ODD = ["-1", '"12"', "{}", "1e400", "null", "[7]"];

/** Answers each request, and says that it has cost the next of `ODD`. */
function oddServer(): { readonly url: string; answered(): number } & AsyncDisposable {
  let answered = 0;
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
    const odd = ODD[answered++ % ODD.length]!;
    const usage = `{"prompt_tokens":${odd},"completion_tokens":${odd},"total_tokens":${odd}}`;
    const delta = (content: string) =>
      `data: {"id":"1","object":"chat.completion.chunk","model":"m","choices":[{"index":0,` +
      `"delta":{"content":${JSON.stringify(content)}},"finish_reason":null}]}\n\n`;
    const body = delta("The machine costs") + delta(" ten dollars. |") +
      `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}\n\n` +
      `data: {"choices":[],"usage":${usage}}\n\ndata: [DONE]\n\n`;
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/v1`,
    answered: () => answered,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

realTimeTest(
  "two callers converse on, whatever numbers the model's server says that its answers cost",
  async () => {
    const dataDir = await Deno.makeTempDir();
    await using pbx = await startSimulator();
    await using model = oddServer();
    await using service = new ServiceProcess(dataDir, {
      ...Object.fromEntries(Object.entries(pbx.env).map(([name, value]) => [name, String(value)])),
      AGENT_PROVIDER: "openai",
      OPENAI_API_KEY: "none",
      OPENAI_BASE_URL: model.url,
      EARLY_START: "0",
    });
    await service.start();
    await service.ready();
    await using one = await pbx.call();
    await using two = await pbx.call();
    await Promise.all([one, two].map(({ heard }) => untilSpokenTo(heard, 0)));
    const question = await spoken("What is the price of the machine?");
    for (const caller of [one, two, one, two]) {
      const { endedAt } = await caller.say(question);
      await untilSpokenTo(caller.heard, endedAt);
    }
    assert.ok(model.answered() >= 4);
    assert.equal(await service.ended(0), undefined);
    await eventually(async () => await service.metric("calls_live") === 2, "both are on the line");
    assert.equal(await service.metric("unexpected_errors_total"), 0);
    assert.equal(await service.metric("call_restarts_total"), 0);
  },
);
