import assert from "node:assert/strict";
import { readOptions, UsageError } from "./options.ts";

Deno.test("without options, three small levels are measured with local engines", () => {
  const { mode, engines, everyMs } = readOptions([]);
  assert.deepEqual(mode, { kind: "levels", levels: [1, 5, 10] });
  assert.equal(engines, "local");
  assert.equal(everyMs, 300);
});

Deno.test("levels, a ramp, an offer, CPUs and settings are read", () => {
  assert.deepEqual(readOptions(["--calls", "25"]).mode, { kind: "levels", levels: [25] });
  assert.deepEqual(readOptions(["--ramp", "--step", "10"]).mode, {
    kind: "ramp",
    from: 5,
    step: 10,
    to: 200,
  });
  const offer = readOptions(["--offer", "10", "--set", "MAX_CALLS=40", "--set", "OVERLOAD=busy"]);
  assert.deepEqual(offer.mode, { kind: "offer", calls: 200, perSecond: 10 });
  assert.deepEqual(offer.settings, { MAX_CALLS: "40", OVERLOAD: "busy" });
  assert.equal(readOptions(["--service-cpus", "0,1"]).cpus.service, "0,1");
});

Deno.test("a mistake on the command line is named", () => {
  const mistakes: readonly (readonly [string[], RegExp])[] = [
    [["--calls", "ten"], /--calls is "ten": give a number above 0/],
    [["--calls", "1,,2"], /--calls is ""/],
    [["--engines", "cloud"], /--engines is "cloud": give local or streamed/],
    [["--set", "MAX_CALLS"], /give NAME=VALUE/],
    [["--ramp", "--offer", "3"], /exclude each other/],
    [["--offer", "3", "--calls", "1,2"], /one number of --calls/],
    [["--loud"], /--loud/],
  ];
  for (const [args, message] of mistakes) {
    assert.throws(() => readOptions(args), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    });
  }
});
