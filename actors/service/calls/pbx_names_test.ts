import assert from "node:assert/strict";
import { bridgeOf, callOfBridge, isMediaChannel, newCallId, newMediaChannel } from "./pbx_names.ts";

Deno.test("our bridges and media channels are known by their names", () => {
  for (let nth = 0; nth < 100; nth++) {
    const call = newCallId();
    assert.equal(callOfBridge(bridgeOf(call)), call);
    assert.ok(isMediaChannel(newMediaChannel(bridgeOf(call))));
    assert.ok(!isMediaChannel(bridgeOf(call)));
  }
});

Deno.test("a channel or bridge of a PBX whose systemname is voxbot is not taken for ours", () => {
  for (const id of ["voxbot-1795641870.17", "voxbot-1795641870.17;2", "voxbot-", "voxbot"]) {
    assert.equal(isMediaChannel(id), false, id);
    assert.equal(callOfBridge(id), undefined, id);
  }
});
