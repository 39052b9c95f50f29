import assert from "node:assert/strict";
import { settingsWith } from "../../../config/read_settings.ts";
import { LogLines } from "../../../testing/log_lines.ts";
import { ManualTime } from "../../../testing/manual_time.ts";
import { noMetrics } from "../metrics.ts";
import { CapacityGuard } from "./capacity_guard.ts";

/** A machine of two cores whose calls use, once they have settled, what the test says. */
class Machine implements Disposable {
  readonly time = new ManualTime();
  readonly pressures: boolean[] = [];
  readonly guard: CapacityGuard;
  live = 0;
  /** Core-milliseconds a second that all calls use together. */
  usedMs = 0;
  #log = new LogLines();
  #cpuMs = 0;

  constructor(settings: Parameters<typeof settingsWith>[0] = {}) {
    this.guard = new CapacityGuard({
      settings: settingsWith({ ASTERISK_LANG: "ru", ...settings }),
      metrics: noMetrics,
      load: () => ({ live: this.live, isolatesStarting: 0 }),
      onPressure: (high) => this.pressures.push(high),
      time: this.time,
      cores: 2,
      cpuMs: () => this.#cpuMs,
    });
    this.guard.start();
    this.pass(20_000);
  }

  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 50) {
      this.time.advance(50);
      this.#cpuMs += this.usedMs * 0.05;
    }
  }

  /** Offers so many calls, one every `everyMs`; how many were taken. */
  offer(calls: number, everyMs: number): number {
    const before = this.live;
    for (let n = 0; n < calls; n++) {
      if (this.guard.room(this.live, 0).ok) this.live++;
      this.pass(everyMs);
    }
    return this.live - before;
  }

  /** The log lines so far. */
  get log(): readonly string[] {
    return this.#log.all;
  }

  [Symbol.dispose](): void {
    this.guard[Symbol.dispose]();
    this.#log[Symbol.dispose]();
  }
}

Deno.test("of a wave whose callers have not begun to speak, no more are taken than will be served", () => {
  using machine = new Machine();
  const taken = machine.offer(200, 100);
  assert.ok(taken > 20 && taken < 110, `${taken} were taken`);
  const [line, ...more] = machine.log.filter((line) => line.includes("at capacity"));
  assert.match(line ?? "", /cpu.*calls would use/);
  assert.deepEqual(more, [], "one line, not one a caller");
});

Deno.test("forty calls that cost little each leave room for the next", () => {
  using machine = new Machine();
  machine.live = 40;
  machine.usedMs = 40 * 20;
  machine.pass(300_000);
  assert.deepEqual(machine.guard.room(40, 0), { ok: true });
});

Deno.test("calls that cost more than was known are fewer", () => {
  using machine = new Machine();
  machine.live = 30;
  machine.usedMs = 30 * 56;
  machine.pass(300_000);
  const room = machine.guard.room(30, 0);
  assert.equal(room.ok ? "room" : room.ranOut, "cpu");
});

Deno.test("after a wave calls are taken as before", () => {
  using machine = new Machine();
  machine.offer(200, 100);
  machine.live = 0;
  machine.pass(20_000);
  assert.ok(machine.log.some((line) => line.includes("room for calls again")));
  assert.ok(machine.offer(20, 100) === 20);
});

Deno.test("a busy neighbour closes the door to more calls, and never to the first", () => {
  using machine = new Machine();
  machine.live = 5;
  for (let n = 0; n < 30; n++) machine.time.stall(500);
  const room = machine.guard.room(5, 0);
  assert.equal(room.ok ? "room" : room.ranOut, "event_loop");
  assert.deepEqual(machine.guard.room(0, 0), { ok: true });
  assert.deepEqual(machine.guard.room(2, 99), { ok: true });
});

Deno.test("so many calls that are being set up at once keep the next one waiting", () => {
  using machine = new Machine();
  const room = machine.guard.room(10, 8);
  assert.equal(room.ok ? "room" : room.ranOut, "starts");
  assert.deepEqual(machine.guard.room(10, 7), { ok: true });
});

Deno.test("calls hear of pressure when it begins and when it has been over for a while", () => {
  using machine = new Machine();
  machine.live = 10;
  machine.usedMs = 1950;
  machine.pass(20_000);
  assert.deepEqual([machine.pressures, machine.guard.pressure], [[true], "high"]);
  machine.usedMs = 400;
  machine.pass(4000);
  assert.deepEqual(machine.pressures, [true], "not yet");
  machine.pass(20_000);
  assert.deepEqual([machine.pressures, machine.guard.pressure], [[true, false], "none"]);
});

Deno.test("an operator who trusts MAX_CALLS alone can switch the guard off", () => {
  using machine = new Machine({ CAPACITY_GUARD: false });
  assert.equal(machine.offer(200, 100), 200);
});
