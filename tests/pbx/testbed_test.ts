// Tests the test PBX and the test telephone themselves, on the sample configuration of asterisk/etc:
// everything that the other tests here take for granted.

import assert from "node:assert/strict";
import { eventually } from "../../testing/mod.ts";
import { startTestbed } from "../asterisk/testbed.ts";
import { audioOf, hears, lastMs, likeness, load, toneShare } from "./listening.ts";
import { nothingLeft } from "./leftovers.ts";
import { ariRequest, StasisApp } from "./stasis_app.ts";

const pbx = await startTestbed();
Deno.test.afterAll(async () => await pbx[Symbol.asyncDispose]());

Deno.test("the sample configuration loads without a warning or an error", async () => {
  assert.deepEqual(complaints(await pbx.log()), []);
});

Deno.test("every module that the sample configuration loads is running", async () => {
  const sample = await Deno.readTextFile(
    new URL("../../asterisk/etc/modules.conf", import.meta.url),
  );
  const wanted = [...sample.matchAll(/^load = (\S+)$/gm)].map(([, name]) => name!);
  const shown = await pbx.cli("module show");
  const running = shown.split("\n").filter((line) => line.includes(" Running "))
    .map((line) => line.split(" ")[0]!);
  assert.ok(wanted.length > 50);
  assert.deepEqual(wanted.filter((name) => !running.includes(name)), []);
});

Deno.test("ARI accepts its user and refuses a wrong password", async () => {
  const right = await ariRequest(pbx.env, "GET", "asterisk/info");
  assert.equal(right.status, 200);
  const info = await right.json() as { system: { version: string } };
  assert.match(info.system.version, new RegExp(`^${pbx.release}\\.`));
  const wrong = await ariRequest({ ...pbx.env, ARI_PASSWORD: "wrong" }, "GET", "asterisk/info");
  await wrong.body?.cancel();
  assert.equal(wrong.status, 401);
});

Deno.test("a call reaches the application with the caller's number and the dialplan's language", async () => {
  await using app = await StasisApp.register(pbx.env);
  await using caller = await pbx.call({ callerNumber: "+70001234567" });
  await caller.answered;
  const channel = await app.nextCall();
  assert.equal(channel.caller.number, "+70001234567");
  assert.equal(channel.language, "ru");
});

Deno.test("a caller hears what the application plays, every frame on time", async () => {
  await using app = await StasisApp.register(pbx.env);
  await using caller = await pbx.call();
  const { id } = await app.nextCall();
  await app.request("POST", `channels/${id}/play?media=sound:hello-world&lang=en`);
  await app.next("PlaybackFinished");
  const prompt = await load(pbx.promptPath("en", "hello-world"));
  assert.ok(likeness(prompt, audioOf(caller.heard)) > 0.95);
});

Deno.test("two callers in a bridge hear each other", async () => {
  await using app = await StasisApp.register(pbx.env);
  await using speaker = await pbx.call();
  const first = await app.nextCall();
  await using listener = await pbx.call();
  const second = await app.nextCall();
  const bridge = await app.request("POST", "bridges?type=mixing") as { id: string };
  await app.request("POST", `bridges/${bridge.id}/addChannel?channel=${first.id},${second.id}`);

  const prompt = await load(pbx.promptPath("ru", "vm-goodbye"));
  const { startedAt, endedAt } = await speaker.say(prompt);
  await hears(listener, 100);
  await app.request("DELETE", `bridges/${bridge.id}`);

  assert.ok(likeness(prompt, audioOf(listener.heard)) > 0.95);
  const spokenMs = endedAt - startedAt;
  assert.ok(Math.abs(spokenMs - prompt.length / 16) < 60, `spoken in ${spokenMs} ms`);
});

Deno.test("keys arrive in order, each once", async () => {
  await using app = await StasisApp.register(pbx.env);
  await using caller = await pbx.call();
  await app.nextCall();
  for (const digit of "15#") await caller.press(digit);
  const digits: (string | undefined)[] = [];
  while (digits.length < 3) digits.push((await app.next("ChannelDtmfReceived")).digit);
  await caller.hangUp();
  await app.next("StasisEnd");
  assert.deepEqual(digits, ["1", "5", "#"]);
});

Deno.test("a muted caller sends nothing and is heard again once unmuted", async () => {
  await using app = await StasisApp.register(pbx.env);
  await using speaker = await pbx.call();
  const first = await app.nextCall();
  await using listener = await pbx.call();
  const second = await app.nextCall();
  const bridge = await app.request("POST", "bridges?type=mixing") as { id: string };
  await app.request("POST", `bridges/${bridge.id}/addChannel?channel=${first.id},${second.id}`);
  await hears(listener, 200);

  speaker.mute(true);
  await listener.say(new Int16Array(16_000));
  const before = listener.heard.length;
  await listener.say(new Int16Array(16_000));
  assert.equal(listener.heard.length, before);
  speaker.mute(false);
  await hears(listener, 200);
  await app.request("DELETE", `bridges/${bridge.id}`);
});

Deno.test("a hang-up by either side ends the call for both and leaves nothing behind", async () => {
  await using app = await StasisApp.register(pbx.env);
  const first = await pbx.call();
  await app.nextCall();
  await first.hangUp();
  assert.equal(await first.ended, "the caller hung up");
  await app.next("StasisEnd");

  const second = await pbx.call();
  const { id } = await app.nextCall();
  await app.request("DELETE", `channels/${id}`);
  assert.equal(await second.ended, "the PBX hung up");
  await app.next("StasisEnd");

  await nothingLeft(pbx);
  assert.match(await pbx.cli("core show channels"), /^0 active channels$/m);
});

Deno.test("a caller who hangs up before anyone answers leaves nothing behind", async () => {
  for (const step of ["1,Ringing()", "2,Wait(30)"]) {
    await pbx.cli(`dialplan add extension 300,${step} into voxbot-inbound`);
  }
  for (const extension of ["300", "200"]) {
    const caller = await pbx.call({ extension });
    await caller.hangUp();
    assert.equal(await caller.ended, "the caller hung up");
  }
  await nothingLeft(pbx);
});

Deno.test("a caller reaches the fallback instead of dead air when no bot is running", async () => {
  await using caller = await pbx.call();
  await caller.answered;
  const prompt = await load(pbx.promptPath("ru", "pls-hold-while-try"));
  await hears(caller, prompt.length / 16 + 1000);
  assert.ok(likeness(prompt, audioOf(caller.heard)) > 0.95);
  assert.ok(toneShare(lastMs(caller.heard, 400), 440) > 0.9);
  assert.match(await pbx.log(), /WARNING.*is the bot running\?/);
});

Deno.test("an unknown number is refused, and the caller learns why", async () => {
  await using caller = await pbx.call({ extension: "999" });
  await assert.rejects(caller.answered, /refused: 404 Not Found/);
  assert.equal(await caller.ended, "refused: 404 Not Found");
  await assert.rejects(caller.say(new Int16Array(320)), /404/);
});

Deno.test("a call over the dialplan's limit hears a busy line, unanswered, and the next one is taken", async () => {
  const limit = (calls: number) => pbx.cli(`dialplan set global VOXBOT_MAX_CALLS ${calls}`);
  await limit(0);
  {
    await using caller = await pbx.call();
    await assert.rejects(caller.answered);
    assert.match(await caller.ended, /486|busy/i);
  }
  await limit(160);
  await hearOperator(200);
  await nothingLeft(pbx);
});

Deno.test("twenty calls in a row, then ten in parallel, all hear the operator", async () => {
  for (let i = 0; i < 20; i++) await hearOperator(200);
  await Promise.all(Array.from({ length: 10 }, () => hearOperator(2000)));
  await nothingLeft(pbx);
});

Deno.test("a PBX that loses power comes back on the same ports", async () => {
  const caller = await pbx.call({ extension: "200" });
  await caller.answered;
  await pbx.kill();
  await caller.vanish();
  await assert.rejects(ariRequest(pbx.env, "GET", "asterisk/info"));
  await pbx.restart();
  await hearOperator(200);
});

Deno.test("a killed test run takes its PBX with it, and the next run cleans up", async () => {
  const run = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", new URL("./abandoned_pbx.ts", import.meta.url).pathname],
    stdin: "null",
    stdout: "piped",
  }).spawn();
  const reader = run.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const folder = (await reader.read()).value!.trim();
  const asterisk = (await Deno.readTextFile(`${folder}/run/asterisk.pid`)).trim();
  assert.ok(await runs(asterisk));

  run.kill("SIGKILL");
  await run.status;
  await reader.cancel();
  await eventually(
    async () => !await runs(asterisk),
    `Asterisk ${asterisk} has ended with its test run`,
  );

  await using next = await startTestbed();
  assert.notEqual(next.folder, folder);
  await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
});

async function hearOperator(ms: number): Promise<void> {
  await using caller = await pbx.call({ extension: "200" });
  await caller.answered;
  await hears(caller, ms);
  await caller.hangUp();
  assert.equal(await caller.ended, "the caller hung up");
  assert.ok(caller.heard.length >= ms / 20);
}

/** Whether a process runs, and is not a zombie. */
async function runs(pid: string): Promise<boolean> {
  try {
    return !/^State:\s+Z/m.test(await Deno.readTextFile(`/proc/${pid}/status`));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The warnings and errors in Asterisk's log. */
function complaints(log: string): string[] {
  return log.split("\n").filter((line) => / (WARNING|ERROR)\[/.test(line));
}
