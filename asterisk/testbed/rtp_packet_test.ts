import assert from "node:assert/strict";
import { isKey, keyPayload, PAYLOAD_EVENT, pcmuPayload, rtpPacket } from "./rtp_packet.ts";

const HEADER = { payloadType: 0, sequence: 70_000, timestamp: 2 ** 32 + 5, ssrc: 9, marker: true };

Deno.test("a packet has the fields of RFC 3550, counters wrapped round", () => {
  const packet = rtpPacket(HEADER, Uint8Array.of(7));
  assert.deepEqual([...packet], [0x80, 0x80, 0x11, 0x70, 0, 0, 0, 5, 0, 0, 0, 9, 7]);
});

Deno.test("audio is found behind contributing sources, and nothing else passes for audio", () => {
  const audio = rtpPacket({ ...HEADER, marker: false }, Uint8Array.of(1, 2, 3, 4, 5, 6));
  assert.deepEqual([...pcmuPayload(audio)!], [1, 2, 3, 4, 5, 6]);
  audio[0] = 0x81;
  assert.deepEqual([...pcmuPayload(audio)!], [5, 6]);

  const event = rtpPacket({ ...HEADER, payloadType: PAYLOAD_EVENT }, Uint8Array.of(1));
  for (const other of [event, new Uint8Array(0), new Uint8Array(12), new Uint8Array(200)]) {
    assert.equal(pcmuPayload(other), undefined);
  }
});

Deno.test("keys are those of RFC 4733", () => {
  assert.deepEqual([..."09*#AD"].map((key) => keyPayload(key, 0, false)[0]), [
    0,
    9,
    10,
    11,
    12,
    15,
  ]);
  assert.deepEqual([...keyPayload("5", 960, true)], [5, 0x80 | 10, 3, 0xc0]);
  assert.deepEqual(["1", "#", "E", "12", ""].map(isKey), [true, true, false, false, false]);
});
