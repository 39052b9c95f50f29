// An Asterisk whose http.conf has a prefix, reached by ARI's own address as its documentation writes it.

import assert from "node:assert/strict";
import { readSettings } from "../../config/read_settings.ts";
import { concatPcm } from "../../media/frame.ts";
import { startTestbed } from "../asterisk/testbed.ts";
import { REAL_TIME_LIMIT_MS } from "../real_time.ts";
import { likeness, load } from "./listening.ts";
import { TransportCall } from "./transport_call.ts";

const pbx = await startTestbed({ httpPath: "/asterisk" });
Deno.test.afterAll(async () => await pbx[Symbol.asyncDispose]());

Deno.test({
  name: "behind a prefix, commands, events and the audio's websocket reach the PBX",
  timeout: REAL_TIME_LIMIT_MS,
  fn: async () => {
    const { ARI_HTTP_URL } = readSettings({ ARI_HTTP_URL: `${pbx.env.ARI_HTTP_URL}/ari/` });
    assert.equal(ARI_HTTP_URL, pbx.env.ARI_HTTP_URL);
    await using call = await TransportCall.open(pbx, { kind: "websocket" });
    const prompt = await load(pbx.promptPath("en", "vm-goodbye"));
    await call.caller.say(prompt);
    await call.caller.say(new Int16Array(4800));
    assert.ok(likeness(prompt, concatPcm(call.ear.frames)) > 0.9);
  },
});
