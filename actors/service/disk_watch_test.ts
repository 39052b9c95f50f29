import assert from "node:assert/strict";
import { LogLines } from "../../testing/log_lines.ts";
import { DiskWatch } from "./disk_watch.ts";

/** A watch of a disk whose room a test sets; `looks` lets it look again. */
async function setUp(free: number | Error, least = 500) {
  const disk = { free };
  const measured: [number, boolean][] = [];
  let look = () => {};
  let stops = 0;
  const watch = new DiskWatch({
    settings: { DATA_DIR: "/data", MIN_FREE_DISK_MB: least, RECORD_CALLS: true },
    metrics: { diskMeasured: (freeMb, low) => measured.push([freeMb, low]) },
    onLow: () => stops++,
    freeMb: () =>
      disk.free instanceof Error ? Promise.reject(disk.free) : Promise.resolve(disk.free),
    time: {
      now: () => 0,
      after: (_ms, run) => {
        look = run;
        return () => look = () => {};
      },
    },
  });
  await watch.start();
  const looks = async (next: number | Error) => {
    disk.free = next;
    look();
    await new Promise((done) => setTimeout(done));
  };
  return { watch, looks, measured, stops: () => stops };
}

Deno.test("calls are recorded while the disk has room, and not under MIN_FREE_DISK_MB", async () => {
  using log = new LogLines();
  const { watch, looks, measured, stops } = await setUp(600);
  assert.deepEqual([watch.paused, watch.problem], [false, undefined]);
  await looks(499);
  assert.equal(watch.paused, true);
  assert.match(watch.problem!, /MIN_FREE_DISK_MB=500/);
  assert.equal(stops(), 1, "recordings under way are ended");
  assert.match(log.errors[0]!, /not recorded.*fix=/);
  await looks(300);
  assert.equal(stops(), 1);
  assert.equal(log.errors.length, 1, "one line an episode");
  assert.deepEqual(measured, [[600, false], [499, true], [300, true]]);
});

Deno.test("recording begins again only when there is clearly more room", async () => {
  const { watch, looks } = await setUp(100);
  await looks(550);
  assert.equal(watch.paused, true);
  await looks(600);
  assert.equal(watch.paused, false);
});

Deno.test("a disk that cannot be asked changes nothing, and is asked again", async () => {
  const { watch, looks } = await setUp(new Error("no such file"));
  assert.equal(watch.paused, false);
  await looks(100);
  assert.equal(watch.paused, true);
  await looks(new Error("stale handle"));
  assert.equal(watch.paused, true);
});

Deno.test("MIN_FREE_DISK_MB=0 asks for nothing", async () => {
  const { watch, measured } = await setUp(1, 0);
  assert.deepEqual([watch.paused, measured], [false, []]);
});

Deno.test("the room of a real folder is known", async () => {
  const folder = await Deno.makeTempDir();
  const measured: number[] = [];
  using watch = new DiskWatch({
    settings: { DATA_DIR: folder, MIN_FREE_DISK_MB: 1, RECORD_CALLS: true },
    metrics: { diskMeasured: (freeMb) => measured.push(freeMb) },
    onLow: () => {},
  });
  await watch.start();
  assert.ok(measured[0]! > 0);
  await Deno.remove(folder);
});
