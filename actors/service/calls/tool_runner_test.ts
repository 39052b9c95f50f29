import assert from "node:assert/strict";
import type { ToolCall } from "../../../agent/agent.ts";
import { applyEvent, newCallRecord, type ToolResult } from "../../call_record.ts";
import type { Destination } from "../exit/destination.ts";
import { ToolRunner, type ToolRunnerOptions } from "./tool_runner.ts";

/** A call with one tool call of the assistant, and a PBX that carries it out or fails. */
function callWanting(call: ToolCall, pbx: { fails: boolean } = { fails: false }) {
  const record = newCallRecord({ id: "c1", channelId: "ch", caller: "", startedAt: 0 });
  applyEvent(record, { kind: "tool_begun", turn: 1, id: "t1", call, after: 1 }, 0);
  const pressed: string[] = [];
  const sent: Destination[] = [];
  const results: ToolResult[] = [];
  const refuse = () => {
    if (pbx.fails) throw new Error("the PBX says no");
  };
  const commands = {
    sendDtmf(_: string, digits: string) {
      pressed.push(digits);
      refuse();
      return Promise.resolve();
    },
  };
  const options: ToolRunnerOptions = {
    record,
    settings: { TRANSFER_TARGETS: { sales: "201" } },
    ari: { runOnce: (command) => command(commands) },
    note(event: Parameters<typeof applyEvent>[1]) {
      applyEvent(record, event, 0);
      if (event.kind === "tool_done") results.push(event.result);
    },
    sendCaller(destination: Destination) {
      sent.push(destination);
      refuse();
      return Promise.resolve();
    },
  };
  return { options, runner: new ToolRunner(options), record, pressed, sent, results };
}

Deno.test("a transfer goes to the configured extension, whatever the tool call says", async () => {
  const { runner, sent } = callWanting({
    name: "transfer_to",
    key: "sales",
    extension: "+79000000000",
  });
  assert.equal(await runner.run("t1"), "done");
  assert.deepEqual(sent, [{ to: "transfer", extension: "201" }]);
});

Deno.test("a transfer to a target that is not configured is not made", async () => {
  for (const key of ["boss", "constructor", "toString", "__proto__"]) {
    const { runner, sent } = callWanting({ name: "transfer_to", key, extension: "201" });
    assert.equal(await runner.run("t1"), "failed", key);
    assert.deepEqual(sent, [], key);
  }
});

Deno.test("keys are pressed once, even if two isolates ask and the PBX fails", async () => {
  const pbx = { fails: true };
  const { runner, options, pressed, record } = callWanting(
    { name: "send_dtmf", digits: "12#" },
    pbx,
  );
  const [one, two] = await Promise.all([runner.run("t1"), runner.run("t1")]);
  assert.deepEqual([one, two], ["failed", "failed"]);
  pbx.fails = false;
  const afterRestart = new ToolRunner({ ...options, record: structuredClone(record) });
  assert.equal(await afterRestart.run("t1"), "failed");
  assert.deepEqual(pressed, ["12#"]);
});

Deno.test("keys that were being pressed when the service died are not pressed again", async () => {
  const { options, record, pressed } = callWanting({ name: "send_dtmf", digits: "5" });
  const journal: unknown[] = [];
  const dying = new ToolRunner({
    ...options,
    ari: {
      runOnce: () => {
        journal.push(structuredClone(record));
        return Promise.resolve() as Promise<never>;
      },
    },
  });
  await dying.run("t1");
  const adopted = journal[0] as typeof record;
  await new ToolRunner({ ...options, record: adopted }).run("t1");
  assert.equal(journal.length, 1);
  assert.deepEqual(pressed, []);
});

Deno.test("a tool call that the record does not have is not carried out", async () => {
  const { runner, sent } = callWanting({ name: "hang_up" });
  assert.equal(await runner.run("t2"), "failed");
  assert.deepEqual(sent, []);
});
