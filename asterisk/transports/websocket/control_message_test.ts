import assert from "node:assert/strict";
import fc from "fast-check";
import { parseControl } from "./control_message.ts";

Deno.test("every control message in use is parsed as Asterisk writes it", () => {
  // As seen from Asterisk 22.10.1.
  const start = {
    event: "MEDIA_START",
    connection_id: "7cfd0562",
    channel: "WebSocket/INCOMING/0x7f",
    channel_id: "em-1",
    format: "slin16",
    optimal_frame_size: 640,
    ptime: 20,
    channel_variables: { CALLER: "+15550001234" },
  };
  const parsed = parseControl(JSON.stringify(start));
  assert.deepEqual(parsed, {
    kind: "event",
    event: { event: "MEDIA_START", format: "slin16", optimal_frame_size: 640 },
  });
  for (const event of ["MEDIA_XOFF", "MEDIA_XON", "QUEUE_DRAINED"]) {
    assert.deepEqual(parseControl(JSON.stringify({ event, channel_id: "em-1" })), {
      kind: "event",
      event: { event },
    });
  }
});

Deno.test("an unused message and a malformed one are distinguished, and neither quotes a value", () => {
  assert.deepEqual(parseControl('{"event":"MEDIA_BUFFERING_COMPLETED"}'), {
    kind: "not_in_use",
    name: "MEDIA_BUFFERING_COMPLETED",
  });
  assert.deepEqual(parseControl('{"event":"DTMF_END","digit":"5"}'), {
    kind: "not_in_use",
    name: "DTMF_END",
  });
  for (
    const text of [
      '{"event":"MEDIA_MARK_PROCESSED","correlation_id":15550001234}',
      '{"event":"MEDIA_START","format":5}',
      '{"event":"+15550001234"}',
      "MEDIA_START connection_id:5550001234",
      "null",
      "",
    ]
  ) {
    const parsed = parseControl(text);
    assert.equal(parsed.kind, "malformed", text);
    assert.doesNotMatch(JSON.stringify(parsed), /555/);
  }
});

Deno.test("no text that arrives makes the parser throw", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseControl(text)));
});
