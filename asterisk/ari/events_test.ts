import assert from "node:assert/strict";
import fc from "fast-check";
import { parseMessage } from "./events.ts";
import { channelJson, eventJson } from "../../testing/test_ari.ts";

Deno.test("an event is parsed with the fields in use", () => {
  const text = eventJson("StasisStart", { args: ["a"], channel: channelJson("c1"), extra: 1 });
  const message = parseMessage(text);
  assert(message.kind === "event" && message.event.type === "StasisStart");
  assert.deepEqual(message.event.args, ["a"]);
  assert.equal(message.event.channel.id, "c1");
  assert.equal(message.event.application, "voxbot");
});

Deno.test("an event that is not in use is told apart from a malformed one", () => {
  assert.deepEqual(parseMessage(eventJson("Dial")), { kind: "not_in_use", type: "Dial" });
});

Deno.test("a malformed event is described by field, never by value", () => {
  const number = "+15550001234";
  const malformed = [
    eventJson("StasisStart", { args: [], channel: { ...channelJson("c1"), name: 5 } }),
    eventJson("ChannelDtmfReceived", { digit: 5, duration_ms: number, channel: channelJson("c1") }),
    `{"type":"StasisEnd","channel":"${number}"}`,
    `{"type":"${number}"}`,
    `{"type":"StasisEnd" ${number}`,
    `"${number}"`,
    "null",
    "",
  ];
  for (const text of malformed) {
    const message = parseMessage(text);
    assert.equal(message.kind, "malformed", text);
    assert.doesNotMatch(JSON.stringify(message), /555/);
  }
});

Deno.test("a malformed event names its channel by an id as PBXs make them, and by nothing else", () => {
  const named = (id: string) => {
    const message = parseMessage(
      eventJson("StasisEnd", { channel: { ...channelJson(id), name: 5 } }),
    );
    return message.kind === "malformed" && message.channel;
  };
  for (const id of ["1795641870.17", "pbx-2-1795641870.17", "voxbot-abcdefghijkm-0a1b2c3d"]) {
    assert.equal(named(id), id);
  }
  for (const id of ["Ivanova", "PJSIP/ivanova-0000001f", "my name is 1.1"]) {
    assert.equal(named(id), undefined);
  }
});

Deno.test("no message of the events socket makes the parser throw", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseMessage(text)));
});
