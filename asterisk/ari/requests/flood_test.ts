// A flood of commands at a PBX that has room for as many connections as Asterisk has by default.

import assert from "node:assert/strict";
import { startSimulator } from "../../../testing/simulator/mod.ts";
import { AriCommands } from "../commands.ts";
import { unlessGone } from "../error.ts";

/** `sessionlimit` of http.conf where nothing is set. */
const SESSION_LIMIT = 100;

Deno.test("900 commands at once take a third of Asterisk's connections, and each is answered", async () => {
  await using pbx = await startSimulator();
  await pbx.limitSessions(SESSION_LIMIT);
  await pbx.delayReplies(5);
  const { ARI_HTTP_URL: url, ARI_USER: user, ARI_PASSWORD: password } = pbx.env;
  using ari = await AriCommands.open({ url, user, password });
  const refused = Array.from({ length: 900 }, (_, nth) =>
    unlessGone(
      ari.continueInDialplan(`caller-${nth}`, { context: "x", extension: "s", priority: 1 }),
    ));
  await Promise.all(refused);
  const most = await pbx.mostSessions();
  assert.ok(most <= SESSION_LIMIT / 3 + 1, `${most} connections at a time`);
});

Deno.test("in a flood a hang-up does not wait for the callers who are sent away", async () => {
  await using pbx = await startSimulator();
  await pbx.delayReplies(5);
  const { ARI_HTTP_URL: url, ARI_USER: user, ARI_PASSWORD: password } = pbx.env;
  using ari = await AriCommands.open({ url, user, password });
  let sentAway = 0;
  const flood = Array.from({ length: 300 }, async (_, nth) => {
    await unlessGone(ari.continueInDialplan(`c${nth}`, {
      context: "x",
      extension: "s",
      priority: 1,
    }));
    sentAway++;
  });
  await unlessGone(ari.hangUp("somebody"));
  assert.ok(sentAway < 100, `${sentAway} went before it`);
  await Promise.all(flood);
});
