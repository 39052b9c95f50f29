import assert from "node:assert/strict";
import { mock } from "node:test";
import type { AriCommands } from "../../asterisk/ari/mod.ts";
import { LogLines } from "../../testing/log_lines.ts";
import { PbxMonitor } from "./pbx_monitor.ts";

/** A monitor, and what it did. Stands in for the route and the switchboard as well. */
class Watched implements Disposable {
  readonly did: string[] = [];
  /** Why calls have no audio. */
  problem: string | undefined;
  /** What asking the PBX fails with. */
  failure: Error | undefined;

  readonly monitor = new PbxMonitor({
    gate: {
      opened: () => void this.did.push("opened"),
      closed: () => void this.did.push("closed"),
      run: (command) => command({} as AriCommands),
    },
    route: this,
    switchboard: this,
    metrics: { ariConnected: (up) => void this.did.push(up ? "up" : "down") },
    intervalSeconds: 10,
  });

  constructor() {
    mock.timers.enable({ apis: ["setInterval"] });
    this.monitor.start();
  }

  /** What it has done since asked the last time. */
  get since(): string[] {
    return this.did.splice(0);
  }

  [Symbol.dispose](): void {
    this.monitor[Symbol.dispose]();
    mock.timers.reset();
  }

  choose(): Promise<void> {
    return this.#asked("route");
  }

  reconcile(): Promise<void> {
    return this.#asked("reconcile");
  }

  #asked(what: string): Promise<void> {
    this.did.push(what);
    return this.failure ? Promise.reject(this.failure) : Promise.resolve();
  }
}

Deno.test("a PBX that comes back is asked how audio travels and which calls it has", () => {
  using watched = new Watched();
  watched.monitor.onUp();
  assert.deepEqual(watched.since, ["up", "opened", "route", "reconcile"]);
  watched.monitor.onDown();
  assert.deepEqual(watched.since, ["down", "closed"]);
});

Deno.test("an event that was lost costs a call no more than one interval", () => {
  using watched = new Watched();
  watched.monitor.onUp();
  watched.did.length = 0;
  mock.timers.tick(10_000);
  assert.deepEqual(watched.since, ["reconcile"]);
  mock.timers.tick(20_000);
  assert.deepEqual(watched.since, ["reconcile", "reconcile"]);
});

Deno.test("a PBX without a way for audio is asked again: the operator may have loaded the module", () => {
  using watched = new Watched();
  watched.monitor.onUp();
  watched.did.length = 0;
  watched.problem = "no way for the audio of calls";
  mock.timers.tick(10_000);
  assert.deepEqual(watched.since, ["route", "reconcile"]);
});

Deno.test("a PBX that is away is left alone", () => {
  using watched = new Watched();
  mock.timers.tick(10_000);
  watched.monitor.onUp();
  watched.monitor.onDown();
  watched.did.length = 0;
  mock.timers.tick(30_000);
  assert.deepEqual(watched.since, []);
});

Deno.test("a PBX that does not answer is an error line that says when it is asked again", async () => {
  using log = new LogLines();
  using watched = new Watched();
  watched.failure = new Error("no answer in time");
  watched.monitor.onUp();
  for (let i = 0; i < 5; i++) await Promise.resolve();
  assert.equal(log.errors.length, 2);
  assert.ok(log.errors.every((line) => /no answer in time.*afterSeconds=10/.test(line)));
});
