// What a call promises over every transport its PBX offers, the simulated and the real one alike.

import assert from "node:assert/strict";
import { heardText } from "../../actors/call_record.ts";
import type { Settings } from "../../config/settings.ts";
import type { TestPbx } from "../../media/caller.ts";
import { firstSoundAfter } from "../../media/ear.ts";
import { say } from "../steps.ts";
import { spoken } from "./voice.ts";
import { ask, asked, eventually, World } from "./world.ts";

/** The settings by which a call travels, by the transport's name. */
export type Transports = Readonly<Record<string, Partial<Settings>>>;

/** Registers the promises for each transport of one PBX, and prints which were kept. */
export function callsOverEach(pbx: TestPbx, transports: Transports): void {
  const kept = new Map<string, Map<string, boolean>>();
  const stage = new Stage(pbx);
  Deno.test.afterAll(async () => {
    await stage[Symbol.asyncDispose]();
    await say(`${table(pbx.kind, Object.keys(transports), kept)}\n`);
  });
  for (const [transport, settings] of Object.entries(transports)) {
    for (const [name, promise, play] of PROMISES) {
      Deno.test({
        name: `${transport}: ${promise}`,
        sanitizeOps: false,
        sanitizeResources: false,
        async fn() {
          const results = kept.get(name) ?? new Map<string, boolean>();
          kept.set(name, results.set(transport, false));
          const world = await stage.set(transport, settings);
          await play(world);
          await world.nothingLeft();
          results.set(transport, true);
        },
      });
    }
  }
}

/** One service at a time, on the transport that is due. */
class Stage implements AsyncDisposable {
  #transport?: string;
  #world: World | undefined;

  constructor(readonly pbx: TestPbx) {}

  async set(transport: string, settings: Partial<Settings>): Promise<World> {
    if (this.#world && this.#transport === transport) return this.#world;
    await this[Symbol.asyncDispose]();
    const world = await World.start(this.pbx, { FAULT_INJECTION: true, ...settings });
    this.#world = world;
    this.#transport = transport;
    await eventually(() => world.service.ready(), "the service takes calls");
    return world;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const world = this.#world;
    this.#world = undefined;
    await world?.[Symbol.asyncDispose]();
  }
}

const QUESTION = "What is the price of the machine?";
const LONG_ANSWER = "Tell me about the installation.";

/** A short name for the table, the promise, and how it is put to the test. */
const PROMISES: readonly [string, string, (world: World) => Promise<void>][] = [
  ["greeting, answer, hang-up", "a caller is greeted, asks, is answered and hangs up", answered],
  ["barge-in", "a caller who talks over the bot silences it, and is answered", bargeIn],
  ["backchannel", "a backchannel does not stop the bot", backchannel],
  ["resume", "an answer cut by a crash is heard whole, and the call goes on", resumed],
  ["keys", "a key that the caller presses is noted once", keys],
];

async function answered(world: World): Promise<void> {
  const { caller, record } = await world.greeted();
  await ask(caller, QUESTION);
  await caller.hangUp();
  await eventually(() => record.endedAt, "the call has ended");
  const [turn] = asked(record);
  assert.match(turn!.caller!, /price/i);
  assert.match(heardText(turn!), /price depends/);
  assert.equal(record.endReason, "hangup");
  assert.deepEqual(record.restarts, []);
}

async function bargeIn(world: World): Promise<void> {
  const { caller, record } = await world.greeted();
  const { endedAt } = await caller.say(await spoken(LONG_ANSWER));
  const answer = await eventually(() => firstSoundAfter(caller.heard, endedAt), "the bot answers");
  await eventually(() => performance.now() > answer + 1000, "a second of it was heard");
  await ask(caller, QUESTION);
  await caller.hangUp();
  const [cut, next] = asked(record);
  assert.equal(cut!.interrupted, true);
  assert.ok(heardText(cut!).length < cut!.phrases.map(({ text }) => text).join(" ").length);
  // How well it is understood is the recogniser's; that nothing of it is missing is the call's.
  assert.match(next!.caller!, /^what\b.*machine/i);
  assert.notEqual(heardText(next!), "");
}

async function backchannel(world: World): Promise<void> {
  const { caller, record } = await world.greeted();
  const { endedAt } = await caller.say(await spoken(LONG_ANSWER));
  const answer = await eventually(() => firstSoundAfter(caller.heard, endedAt), "the bot answers");
  await eventually(() => performance.now() > answer + 800, "it speaks");
  await caller.say(await spoken("Okay."));
  await eventually(() => record.phase === "listening", "the bot has finished");
  await caller.hangUp();
  const [turn, ...others] = asked(record);
  const cut = turn!.interrupted ? "cut an answer" : "came after the answer";
  assert.deepEqual(others.map(({ caller }) => caller), [], `it ${cut}: ${heardText(turn!)}`);
  assert.equal(turn!.interrupted, false);
  assert.ok(turn!.phrases.every(({ heard }) => heard), "every phrase was heard to its end");
}

async function resumed(world: World): Promise<void> {
  const { caller, record } = await world.greeted();
  const question = ask(caller, QUESTION);
  await eventually(
    () => record.phase === "speaking" && asked(record).length > 0,
    "the bot answers",
  );
  assert.ok(world.service.switchboard.injectFault(record.id, "throw"));
  await eventually(() => record.restarts.length > 0, "the isolate was replaced");
  await question;
  await eventually(() => record.phase === "listening", "the answer was heard to its end");
  await ask(caller, LONG_ANSWER);
  await caller.hangUp();
  const [first, second] = asked(record);
  assert.ok(first!.phrases.every(({ heard }) => heard));
  assert.match(heardText(first!), /price depends/);
  assert.match(heardText(second!), /engineer installs/);
}

async function keys(world: World): Promise<void> {
  const { caller, record } = await world.greeted();
  await caller.press("5");
  await eventually(() => record.keys.includes("5"), "the key is in the call's record");
  await caller.hangUp();
  await eventually(() => record.endedAt, "the call has ended");
  assert.deepEqual([...record.keys], ["5"]);
}

function table(
  pbx: TestPbx["kind"],
  transports: readonly string[],
  kept: ReadonlyMap<string, ReadonlyMap<string, boolean>>,
): string {
  const width = Math.max(...PROMISES.map(([name]) => name.length), pbx.length);
  const line = (title: string, cells: readonly string[]) =>
    [title.padEnd(width), ...cells.map((cell) => cell.padEnd(11))].join("  ").trimEnd();
  const cell = (result: boolean | undefined) =>
    result === undefined ? "-" : result ? "ok" : "FAILED";
  return [
    line(pbx, transports),
    ...PROMISES.map(([name]) =>
      line(name, transports.map((transport) => cell(kept.get(name)?.get(transport))))
    ),
  ].join("\n");
}
